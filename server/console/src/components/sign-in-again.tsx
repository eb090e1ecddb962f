import { useEffect, useRef } from "preact/hooks";
import { leaveAnyhow, locked, user } from "../live/session";
import { t } from "../text/i18n";
import { SignInForm } from "./sign-in-form";

/** The session has ended while somebody was at work: they sign in again, and what they had typed is still there. */
export function SignInAgain() {
  const person = user.value;
  return locked.value && person ? <Again username={person.username} name={person.name} /> : null;
}

function Again({ username, name }: { username: string; name: string }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  const head = (
    <>
      <h2>{name}</h2>
      <p class="note">{t("login.ended")}</p>
    </>
  );
  return (
    // What lies beneath is not for whoever passes by: it cannot be put aside.
    <dialog ref={dialog} class="login locked" aria-label={t("login.again")} onCancel={(event) => event.preventDefault()}>
      <SignInForm username={username} head={head}>
        <button type="button" class="button quiet" onClick={leaveAnyhow}>
          {t("login.somebody_else")}
        </button>
      </SignInForm>
    </dialog>
  );
}
