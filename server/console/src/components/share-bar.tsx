/** A bar of parts in proportion, for the eye alone: the numbers stand beside it. */

interface Part {
  tone: 0 | 1 | 2;
  value: number;
}

/** `of`: the number that fills the whole width. */
export function ShareBar({ parts, of }: { parts: readonly Part[]; of: number }) {
  let from = 0;
  return (
    <svg class="share-bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
      {parts.map((part, index) => {
        const width = of === 0 ? 0 : (part.value / of) * 100;
        const x = from;
        from += width;
        return <rect key={index} class={`tone-${part.tone}`} x={x} width={width} height="10" />;
      })}
    </svg>
  );
}
