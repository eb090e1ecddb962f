import { useEffect, useState } from "preact/hooks";
import * as api from "../api/hand-overs";
import { user } from "../live/session";
import { t } from "../text/i18n";

const LOOK_AGAIN_MS = 60_000;

/** The way to the hand-over; tells how many wait for one's signature. */
export function HandOverLink() {
  const [waiting, setWaiting] = useState(0);
  const me = user.value?.id;
  useEffect(() => {
    const look = () =>
      api.handOvers().then(
        (all) => setWaiting(all.filter((each) => each.taker.id === me && each.state === "offered").length),
        // The page itself says what went wrong; the bar says when the dispatcher is away.
        () => undefined,
      );
    void look();
    const timer = window.setInterval(() => void look(), LOOK_AGAIN_MS);
    return () => window.clearInterval(timer);
  }, [me]);
  return (
    <a class={waiting > 0 ? "button small" : "button small quiet"} href="/hand-over">
      {waiting > 0 ? t("hand.link_waiting", { n: waiting }) : t("hand.title")}
    </a>
  );
}
