import type { Severity } from "../api/models";
import { t } from "../text/i18n";

/** A grade as shape, colour and word, so that it reads without colour. */
export function Grade({ severity, bare = false }: { severity: Severity; bare?: boolean }) {
  return (
    <span class={`grade grade-${severity}`} title={bare ? t(`grade.${severity}`) : undefined}>
      <Mark severity={severity} />
      <span class={bare ? "unseen" : undefined}>{t(`grade.${severity}`)}</span>
    </span>
  );
}

function Mark({ severity }: { severity: Severity }) {
  return (
    <svg class="mark" viewBox="0 0 16 16" aria-hidden="true">
      {severity === "red" ? <circle cx="8" cy="8" r="6.5" /> : null}
      {severity === "yellow" ? <path d="M8 1.5 15 14H1Z" /> : null}
      {severity === "blue" ? <rect x="2" y="2" width="12" height="12" /> : null}
    </svg>
  );
}
