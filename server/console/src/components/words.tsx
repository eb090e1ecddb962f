import { useState } from "preact/hooks";
import type { CaseAction } from "../api/models";
import { t } from "../text/i18n";
import { takeFocus } from "./take-focus";

interface WordsProps {
  action: CaseAction;
  busy: boolean;
  onGo: (action: CaseAction, fields: Record<string, unknown>) => void;
}

/** Why, in a few words. */
export function Words({ action, busy, onGo }: WordsProps) {
  const [text, setText] = useState("");
  const said = text.trim();
  const submit = (event: Event) => {
    event.preventDefault();
    onGo(action, { reason: said });
  };
  return (
    <form class="words" onSubmit={submit}>
      <label>
        {t("case.reason")}
        <textarea rows={2} maxLength={500} value={text} onInput={(event) => setText(event.currentTarget.value)} ref={takeFocus} />
      </label>
      <button class="button primary" disabled={busy || said === ""}>
        {t(`case_action.${action}`)}
      </button>
    </form>
  );
}
