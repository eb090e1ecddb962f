import type { RefObject } from "preact";
import { useLayoutEffect } from "preact/hooks";

/** The most that a bar can leave out; the stylesheet says what that is, by the bar's `data-tight`. */
const MOST = 3;
/** A phone's bar has two lines, and what is one's own behind one's name. */
const PHONE = matchMedia("(max-width: 799px)");
const PHONE_TIGHT = "2";

/**
 * Keeps a bar on one line: it leaves out as little as it must, more with a longer language or larger numbers. It breaks
 * where even the most is not enough.
 */
export function useOneLine(bar: RefObject<HTMLElement | null>): void {
  useLayoutEffect(() => {
    const { current } = bar;
    if (current === null) return undefined;
    const fit = () => fitOne(current);
    fit();
    // Before it is painted. What it leaves out is an attribute, which is not watched.
    const observer = new MutationObserver(fit);
    observer.observe(current, { characterData: true, childList: true, subtree: true });
    addEventListener("resize", fit);
    return () => {
      observer.disconnect();
      removeEventListener("resize", fit);
    };
  }, []);
}

function fitOne(bar: HTMLElement): void {
  if (PHONE.matches) {
    bar.dataset["tight"] = PHONE_TIGHT;
    return;
  }
  for (let tight = 0; tight <= MOST; tight += 1) {
    bar.dataset["tight"] = String(tight);
    if (!breaks(bar)) return;
  }
}

function breaks(bar: HTMLElement): boolean {
  const drawn = [...bar.children].map((child) => child.getBoundingClientRect()).filter(({ height }) => height > 0);
  const [first] = drawn;
  return first !== undefined && drawn.some(({ top }) => top >= first.bottom);
}
