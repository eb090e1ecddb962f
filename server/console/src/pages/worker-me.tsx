/** What a worker decides for themselves: whether to share where they are; the way to password and sessions. */

import { attempt, tell } from "../live/notices";
import { user } from "../live/session";
import { clockTime } from "../text/format";
import { t, word } from "../text/i18n";
import { WorkerFrame } from "../worker/frame";
import { maySharePosition, sharing, startSharing, stopSharing } from "../worker/whereabouts";

export default function WorkerMePage() {
  const person = user.value;
  return (
    <WorkerFrame>
      <h1>{t("mine.title")}</h1>
      <p>
        {person?.name} · {(person?.roles ?? []).map((role) => word("role", role)).join(" · ")}
      </p>
      {maySharePosition(person) ? <Position /> : null}
      <section class="card" aria-labelledby="mine-account">
        <h2 id="mine-account">{t("mine.account")}</h2>
        <p class="quiet-text">{t("mine.account_about")}</p>
        <a class="button" href="/account">
          {t("mine.to_account")}
        </a>
      </section>
    </WorkerFrame>
  );
}

function Position() {
  const now = sharing.value;
  const off = now.state === "off";
  const stop = () =>
    attempt(async () => {
      await stopSharing();
      tell(t("mine.stopped"));
    });
  return (
    <section class="card" aria-labelledby="mine-position">
      <h2 id="mine-position">{t("mine.position")}</h2>
      <p>{t("mine.position_why")}</p>
      <ul class="plain-list">
        <li>{t("mine.position_who")}</li>
        <li>{t("mine.position_long")}</li>
        <li>{t("mine.position_when")}</li>
        <li>{t("mine.position_free")}</li>
      </ul>
      <p role="status" class={now.state === "unknown" || now.state === "unsent" ? "note" : "quiet-text"}>
        {now.state === "on" ? t("mine.sharing_on", { at: clockTime(new Date(now.at).toISOString()) }) : t(`mine_sharing.${now.state}`)}
      </p>
      {off ? (
        <button class="button primary big" onClick={() => void startSharing()}>
          {t("mine.start")}
        </button>
      ) : (
        <button class="button big" onClick={() => void stop()}>
          {t("mine.stop")}
        </button>
      )}
    </section>
  );
}
