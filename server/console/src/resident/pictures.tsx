/** Pictures for those who would rather look than read. */

const KINDS: Readonly<Record<string, string>> = {
  fire: "M12 3c1 4 5 5 5 10a5 5 0 0 1-10 0c0-2 1-3 2-4 0 2 1 3 2 3 1-3-1-5 1-9z",
  ebike: "M5.5 15.5a2.5 2.5 0 1 0 .01 0zM18.5 15.5a2.5 2.5 0 1 0 .01 0zM8 18h7l3.500-8M15 7h3l1 8.500M5 12.500h6l2 5.500",
  garbage: "M6 8h12l-1 12H7zM4 8h16M9.5 8l1-3h3l1 3M10 11.5v5M14 11.5v5",
  blocked: "M4 20V9l8-5 8 5v11M8 20v-8h8v8M8 15.5h8",
  facility: "M8.500 21h7M12 21v-6M7 15h10l-2.500-8h-5zM12 4v3",
  safety: "M12 3l7 3v5c0 5-3 8-7 10-4-2-7-5-7-10V6zM12 8v5M12 16v.5",
  other: "M4 5h16v11h-9l-4 4v-4H4zM8 10.500h.5M12 10.500h.5M16 10.500h.5",
};

/** What a kind of report looks like; a speech bubble for what is new. */
export function KindPicture({ kind }: { kind: string }) {
  return (
    <svg class="kind-picture" viewBox="0 0 24 24" aria-hidden="true">
      <path d={KINDS[kind] ?? KINDS["other"]} />
    </svg>
  );
}

const MOUTHS = { 1: "M8 17c2-3 6-3 8 0", 3: "M8 16h8", 5: "M8 14c2 3 6 3 8 0" } as const;

/** A face for a score. */
export function Face({ score }: { score: 1 | 3 | 5 }) {
  return (
    <svg class="face" viewBox="0 0 24 24" aria-hidden="true">
      <path d={`M12 2.500a9.500 9.500 0 1 0 .01 0zM8.500 9v1M15.500 9v1${MOUTHS[score]}`} />
    </svg>
  );
}
