import { useState } from "preact/hooks";
import { changePassword } from "../api/accounts";
import { explain, tell } from "../live/notices";
import { t } from "../text/i18n";

const SHORTEST = 12;

/** Another password for oneself: the present one is asked for, so that an open page is not enough. */
export function PasswordForm({ username, onDone }: { username: string; onDone: () => void }) {
  const [present, setPresent] = useState("");
  const [wanted, setWanted] = useState("");
  const [again, setAgain] = useState("");
  const [shown, setShown] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event: Event) => {
    event.preventDefault();
    if (wanted !== again) {
      setError(t("me.passwords_differ"));
      return;
    }
    setBusy(true);
    setError(null);
    try {
      await changePassword(present, wanted);
      for (const set of [setPresent, setWanted, setAgain]) set("");
      tell(t("me.password_changed"));
      onDone();
    } catch (reason) {
      setError(explain(reason));
    } finally {
      setBusy(false);
    }
  };
  const field = (label: string, value: string, set: (value: string) => void, autocomplete: "current-password" | "new-password") => {
    const how = {
      required: true,
      minLength: autocomplete === "new-password" ? SHORTEST : 1,
      maxLength: 1024,
      autocomplete,
      value,
      onInput: (event: { currentTarget: HTMLInputElement }) => set(event.currentTarget.value),
    };
    return (
      <label>
        {label}
        {shown ? <input type="text" {...how} /> : <input type="password" {...how} />}
      </label>
    );
  };
  return (
    <section aria-labelledby="me-password">
      <h2 id="me-password">{t("me.password")}</h2>
      <form class="panel" onSubmit={(event) => void submit(event)}>
        {/* Tells the browser's own keeper of passwords whose it is. */}
        <input type="text" name="username" autocomplete="username" value={username} readOnly hidden />
        <div class="form-columns">
          {field(t("me.password_present"), present, setPresent, "current-password")}
          {field(t("me.password_wanted"), wanted, setWanted, "new-password")}
          {field(t("me.password_again"), again, setAgain, "new-password")}
        </div>
        <p class="quiet-text">{t("me.password_about", { n: SHORTEST })}</p>
        <p class="form-error" role="alert">
          {error}
        </p>
        <div class="buttons">
          <button class="button primary" disabled={busy}>
            {t("me.password_change")}
          </button>
          <button type="button" class="button quiet" aria-pressed={shown} onClick={() => setShown(!shown)}>
            {t("me.password_show")}
          </button>
        </div>
      </form>
    </section>
  );
}
