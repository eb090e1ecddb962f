import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Problem } from "../api/client";
import { signInProvider } from "../api/endpoints";
import { explain } from "../live/notices";
import { enter } from "../live/session";
import { t } from "../text/i18n";

interface FormProps {
  /** Who was signed in, when it is to be them again. */
  username?: string;
  /** What went wrong before. */
  trouble?: string | null;
  /** Above the fields, and below the buttons. */
  head: ComponentChildren;
  children?: ComponentChildren;
}

/** Name, password and, for whom it is asked, a code. */
export function SignInForm({ username, trouble = null, head, children }: FormProps) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(trouble);
  const [asksCode, setAsksCode] = useState(false);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    setBusy(true);
    setError(null);
    try {
      const code = form.get("code");
      await enter(String(form.get("username")).trim(), String(form.get("password")), code ? String(code) : undefined);
    } catch (reason) {
      if (reason instanceof Problem && reason.code === "code_needed") {
        setAsksCode(true);
        return;
      }
      // Whose account is disabled would go on trying a password that is right.
      const wrong = reason instanceof Problem && reason.status === 401 && reason.code !== "account_disabled";
      setError(wrong ? t(asksCode ? "login.wrong_code" : "login.wrong") : explain(reason));
    } finally {
      setBusy(false);
    }
  };
  return (
    <form onSubmit={(event) => void submit(event as unknown as SubmitEvent)}>
      {head}
      <label>
        {t("login.username")}
        <input
          name="username"
          autocomplete="username"
          autocapitalize="none"
          spellcheck={false}
          required
          value={username}
          readOnly={username !== undefined}
          autofocus={username === undefined}
        />
      </label>
      <label>
        {t("login.password")}
        <input name="password" type="password" autocomplete="current-password" required autofocus={username !== undefined} />
      </label>
      {asksCode ? (
        <label>
          {t("login.code")}
          <input name="code" autocomplete="one-time-code" autocapitalize="none" spellcheck={false} required autofocus />
        </label>
      ) : null}
      <p class="form-error" role="alert">
        {error}
      </p>
      <button class="button primary big" disabled={busy}>
        {t(busy ? "login.busy" : "login.enter")}
      </button>
      {username === undefined ? <ByProvider /> : null}
      {children}
    </form>
  );
}

function ByProvider() {
  const [provider, setProvider] = useState<string | null>(null);
  useEffect(() => {
    // Without an answer the password is all there is: the page works as it did.
    signInProvider().then(setProvider, () => setProvider(null));
  }, []);
  return provider ? (
    <a class="button big" href="/api/v1/session/oidc">
      {t("login.by_provider", { name: provider })}
    </a>
  ) : null;
}
