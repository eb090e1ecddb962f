import type { CaseState } from "../api/models";
import { t } from "../text/i18n";

const STEPS = ["confirmed", "dispatched", "accepted", "on_scene", "verifying", "closed"] as const;
const AT: Partial<Record<CaseState, (typeof STEPS)[number]>> = {
  feedback: "verifying",
  rework: "on_scene",
  follow_up: "closed",
  evaluated: "closed",
};

/** How far the case has come on the straight way; a case to be judged stands before it, others off it behind. */
export function Progress({ state }: { state: CaseState }) {
  const step = AT[state] ?? state;
  const reached = STEPS.findIndex((name) => name === step);
  const beside = reached < 0 ? <li aria-current="step">{t(`case_state.${state}`)}</li> : null;
  return (
    <ol class="progress" aria-label={t("case.progress")}>
      {state === "new" ? beside : null}
      {STEPS.map((name, index) => (
        <li
          key={name}
          class={index < reached ? "past" : undefined}
          aria-current={index === reached ? "step" : undefined}
        >
          {t(`case_state.${index === reached ? state : name}`)}
        </li>
      ))}
      {state === "new" ? null : beside}
    </ol>
  );
}
