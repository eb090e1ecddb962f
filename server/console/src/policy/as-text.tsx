import { useState } from "preact/hooks";
import * as api from "../api/policy";
import type { PolicyContent } from "../api/policy";
import { Problem } from "../api/client";
import { explain, tell } from "../live/notices";
import { t } from "../text/i18n";

/** The same draft as text, to copy to another site or take from one. What cannot be read is said, and nothing changes. */
export function AsText({ content, onRead }: { content: PolicyContent; onRead: (content: PolicyContent) => void }) {
  const shown = JSON.stringify(content, null, 2);
  const [text, setText] = useState<string | null>(null);
  const [wrong, setWrong] = useState<readonly string[]>([]);
  const read = async () => {
    try {
      const found = await api.check(JSON.parse(text ?? shown));
      setWrong(found.unknown_cameras.length === 0 ? [] : [t("policy.unknown_cameras", { list: found.unknown_cameras.join(", ") })]);
      setText(null);
      onRead(found.content);
      tell(t("policy.text_read"));
    } catch (error) {
      setWrong(mistakes(error));
    }
  };
  return (
    <details class="fold">
      <summary class="button small">{t("policy.as_text")}</summary>
      <div class="panel">
        <p class="quiet-text">{t("policy.as_text_about")}</p>
        <textarea class="as-text" aria-label={t("policy.as_text")} rows={16} spellcheck={false} value={text ?? shown} onInput={(event) => setText(event.currentTarget.value)} />
        <ul role="alert">
          {wrong.map((each) => (
            <li key={each} class="form-error">
              {each}
            </li>
          ))}
        </ul>
        <div class="buttons">
          <button type="button" class="button" disabled={text === null} onClick={() => void read()}>
            {t("policy.read_text")}
          </button>
          <button
            type="button"
            class="button quiet"
            disabled={text === null}
            onClick={() => {
              setText(null);
              setWrong([]);
            }}
          >
            {t("policy.drop_text")}
          </button>
        </div>
      </div>
    </details>
  );
}

function mistakes(error: unknown): string[] {
  if (error instanceof SyntaxError) return [t("policy.no_json", { detail: error.message })];
  const found = error instanceof Problem ? error.extras["errors"] : undefined;
  if (!Array.isArray(found)) return [explain(error)];
  return (found as { where: string; what: string }[]).map(({ where, what }) => `${where.replace("body.content.", "")}: ${what}`);
}
