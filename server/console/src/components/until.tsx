/** The form around what a move asks for, and the one that phones have too: until when. */

import { useState } from "preact/hooks";
import type { Case, CaseAction } from "../api/models";
import { t } from "../text/i18n";
import { DAY_MS, fieldMoment, MINUTE_MS, momentField } from "../text/zone";
import { takeFocus } from "./take-focus";

/** The dispatcher takes what is later than the limit that runs, and within a year. */
const LONGEST_MS = 365 * DAY_MS;

export interface AskProps {
  item: Case;
  action: CaseAction;
  busy: boolean;
  onGo: (action: CaseAction, fields: Record<string, unknown>) => void;
}

interface FormProps extends AskProps {
  ready: boolean;
  fields: () => Record<string, unknown>;
  children: preact.ComponentChildren;
}

export function Form({ action, busy, onGo, ready, fields, children }: FormProps) {
  const submit = (event: Event) => {
    event.preventDefault();
    onGo(action, fields());
  };
  return (
    <form class="words" onSubmit={submit}>
      {children}
      <button class="button primary" disabled={busy || !ready}>
        {t(`case_action.${action}`)}
      </button>
    </form>
  );
}

/** Until when, and why. The field is in the site's time as all times on the page are; what is sent is UTC. */
export function Until(props: AskProps) {
  const [until, setUntil] = useState("");
  const [reason, setReason] = useState("");
  const fields = () => ({ until: fieldMoment(until), reason: reason.trim() });
  const now = Date.now();
  const running = Math.max(now, Date.parse(props.item.due_at ?? "") || 0);
  return (
    <Form {...props} ready={until !== "" && reason.trim() !== ""} fields={fields}>
      <label>
        {t("ask.until")}
        <input
          type="datetime-local"
          min={momentField(running + MINUTE_MS)}
          max={momentField(now + LONGEST_MS)}
          value={until}
          onInput={(event) => setUntil(event.currentTarget.value)}
          ref={takeFocus}
        />
      </label>
      <label>
        {t("case.reason")}
        <textarea rows={2} maxLength={500} value={reason} onInput={(event) => setReason(event.currentTarget.value)} />
      </label>
    </Form>
  );
}
