/** A first look around: a few steps, each with what it is about in a frame. Asked for once; it can be left at any step. */

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { bindKeys } from "../live/keys";
import { user } from "../live/session";
import { remember, touring, type TourName, wasShown } from "../live/tour";
import { type Key, t } from "../text/i18n";
import "../styles/tour.css";

/** A step: its heading, its words, and what on the page it is about; what is not there is told of all the same. */
export type TourStep = readonly [heading: Key, words: Key, selector: string];

interface TourProps {
  name: TourName;
  steps: readonly TourStep[];
}

/** Asks whether to be shown around, the first time that this account is here. */
export function Tour({ name, steps }: TourProps) {
  const person = user.value?.id ?? "";
  const [asked, setAsked] = useState(true);
  useEffect(() => void wasShown(name, person).then(setAsked), [name, person]);
  const going = touring.value?.name === name;
  const done = () => {
    remember(name, person);
    touring.value = null;
    setAsked(true);
  };
  useEffect(() => () => void (touring.value = null), []);
  if (going) return <Steps name={name} steps={steps} onEnd={done} />;
  if (asked) return null;
  return (
    <aside class="tour-ask" aria-label={t("tour.title")}>
      <p>{t("tour.ask", { n: steps.length })}</p>
      <div class="buttons">
        <button class="button small primary" onClick={() => (touring.value = { name, step: 0 })}>
          {t("tour.start")}
        </button>
        <button class="button small quiet" onClick={done}>
          {t("tour.no")}
        </button>
      </div>
    </aside>
  );
}

/** The way back to it, for whoever wants to see it again. */
export function TourAgain({ name }: { name: TourName }) {
  return (
    <button class="button small quiet" onClick={() => (touring.value = { name, step: 0 })}>
      {t("tour.title")}
    </button>
  );
}

function Steps({ name, steps, onEnd }: TourProps & { onEnd: () => void }) {
  const step = touring.value?.step ?? 0;
  const heading = useRef<HTMLHeadingElement>(null);
  const go = (to: number) => {
    if (to >= steps.length) onEnd();
    else touring.value = { name, step: Math.max(0, to) };
  };
  useLayoutEffect(
    () => bindKeys({ ArrowRight: () => go(step + 1), ArrowLeft: () => go(step - 1), Escape: onEnd }),
    [step],
  );
  const [title, words, selector] = steps[step] as TourStep;
  useEffect(() => {
    // Screen readers read on from here.
    heading.current?.focus();
    const target = document.querySelector(selector);
    target?.classList.add("toured");
    return () => target?.classList.remove("toured");
  }, [selector]);
  const last = step === steps.length - 1;
  return (
    <section class="tour" role="dialog" aria-labelledby="tour-heading">
      <p class="quiet-text">{t("tour.of", { n: step + 1, all: steps.length })}</p>
      <h2 id="tour-heading" tabIndex={-1} ref={heading}>
        {t(title)}
      </h2>
      <p>{t(words)}</p>
      <div class="buttons">
        <button class="button primary" onClick={() => go(step + 1)}>
          {t(last ? "tour.done" : "tour.next")}
        </button>
        {step === 0 ? null : (
          <button class="button" onClick={() => go(step - 1)}>
            {t("tour.back")}
          </button>
        )}
        <span class="grow" />
        {last ? null : (
          <button class="button quiet" onClick={onEnd}>
            {t("tour.leave")} <kbd>Esc</kbd>
          </button>
        )}
      </div>
    </section>
  );
}
