import { LanguageSwitch } from "../components/language-switch";
import { SignInForm } from "../components/sign-in-form";
import { hasRunOut } from "../live/session";
import { t } from "../text/i18n";

export default function Login() {
  const refused = new URLSearchParams(location.search).has("problem");
  const head = (
    <>
      <h1>{t("brand")}</h1>
      <p class="quiet-text">{t("login.subtitle")}</p>
      {!refused && hasRunOut() ? <p class="note">{t("login.ran_out")}</p> : null}
    </>
  );
  return (
    <main class="login">
      <SignInForm head={head} trouble={refused ? t("login.provider_refused") : null}>
        <LanguageSwitch />
      </SignInForm>
    </main>
  );
}
