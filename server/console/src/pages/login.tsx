import { useEffect, useState } from "preact/hooks";
import { Problem } from "../api/client";
import { signInProvider } from "../api/endpoints";
import { LanguageSwitch } from "../components/language-switch";
import { explain } from "../live/notices";
import { ended, enter } from "../live/session";
import { t } from "../text/i18n";

export default function Login() {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const [asksCode, setAsksCode] = useState(false);
  const [provider, setProvider] = useState<string | null>(null);
  useEffect(() => {
    // Without an answer the password is all there is: the page works as it did.
    signInProvider().then(setProvider, () => setProvider(null));
    if (new URLSearchParams(location.search).has("problem")) setError(t("login.provider_refused"));
  }, []);
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
      const wrong = reason instanceof Problem && reason.status === 401;
      setError(wrong ? t(asksCode ? "login.wrong_code" : "login.wrong") : explain(reason));
    } finally {
      setBusy(false);
    }
  };
  return (
    <main class="login">
      <form onSubmit={(event) => void submit(event as unknown as SubmitEvent)}>
        <h1>{t("brand")}</h1>
        <p class="quiet-text">{t("login.subtitle")}</p>
        {ended.value ? <p class="note">{t("login.ended")}</p> : null}
        <label>
          {t("login.username")}
          <input name="username" autocomplete="username" autocapitalize="none" spellcheck={false} required autofocus />
        </label>
        <label>
          {t("login.password")}
          <input name="password" type="password" autocomplete="current-password" required />
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
        {provider ? (
          <a class="button big" href="/api/v1/session/oidc">
            {t("login.by_provider", { name: provider })}
          </a>
        ) : null}
        <LanguageSwitch />
      </form>
    </main>
  );
}
