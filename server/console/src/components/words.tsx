import { useState } from "preact/hooks";
import type { CaseAction } from "../api/models";
import { t } from "../text/i18n";

interface WordsProps {
  action: CaseAction;
  field: "reason" | "note";
  busy: boolean;
  onGo: (action: CaseAction, fields: Record<string, unknown>) => void;
}

/** A few words: why (needed) or a remark (optional). */
export function Words({ action, field, busy, onGo }: WordsProps) {
  const [text, setText] = useState("");
  const said = text.trim();
  const submit = (event: Event) => {
    event.preventDefault();
    onGo(action, said === "" ? {} : { [field]: said });
  };
  return (
    <form class="words" onSubmit={submit}>
      <label>
        {t(field === "reason" ? "case.reason" : "case.note")}
        <textarea rows={2} maxLength={500} value={text} onInput={(event) => setText(event.currentTarget.value)} autofocus />
      </label>
      <button class="button primary" disabled={busy || (field === "reason" && said === "")}>
        {t(`case_action.${action}`)}
      </button>
    </form>
  );
}
