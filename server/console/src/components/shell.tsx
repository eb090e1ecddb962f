import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { User } from "../api/models";
import { bindKeys } from "../live/keys";
import { blocked, overview, stale } from "../live/live";
import { attempt } from "../live/notices";
import { audits } from "../live/powers";
import { inControl, leave, user } from "../live/session";
import { unknownOf } from "../live/unknown";
import { navigate, path } from "../router";
import { t } from "../text/i18n";
import { FeedAge, Joining, StaleBar, useLive } from "./feed-state";
import { Grade } from "./grade";
import { HandOverLink } from "./hand-over-link";
import { HelpCalls } from "./help-calls";
import { LanguageSwitch } from "./language-switch";

/**
 * The bar across every control-room page, and the feed behind it. The page is mounted once the feed has been
 * joined, so that what it fetches cannot fall between the list and the feed.
 */
export function Shell({ children, wide = false }: { children: ComponentChildren; wide?: boolean }) {
  const live = useLive();
  return (
    <div class={stale.value ? "shell stale" : "shell"}>
      <TopBar />
      <StaleBar failure={live.failure} deaf={blocked.value && t(`feed.blocked.${blocked.value}`)} />
      {overview.value === null ? null : <HelpCalls />}
      <main class={wide ? "wide" : "page"}>
        {overview.value === null ? <Joining live={live} /> : children}
      </main>
    </div>
  );
}

function TopBar() {
  const seen = overview.value;
  const person = user.value;
  useLayoutEffect(() => bindKeys({ w: () => navigate("/wall") }), []);
  return (
    <header class="topbar">
      <a class="brand" href="/">
        {t("brand")}
      </a>
      <span class="site">{seen?.site.name}</span>
      <nav aria-label={t("nav.label")}>
        {person && inControl(person) ? (
          <>
            <NavLink to="/" text={t("nav.control")} />
            <NavLink to="/wall" text={t("nav.wall")} />
            <NavLink to="/cases" text={t("nav.cases")} />
            <NavLink to="/statistics" text={t("nav.statistics")} />
          </>
        ) : null}
        {person && !inControl(person) && !audits() ? <NavLink to="/worker" text={t("tab.tasks")} /> : <NavLink to="/admin" text={t("nav.system")} />}
      </nav>
      {seen !== null && person && inControl(person) ? <Counts /> : null}
      <span class="grow" />
      <FeedAge />
      {person ? <Own person={person} /> : <LanguageSwitch />}
    </header>
  );
}

const ROOMY = matchMedia("(min-width: 1200px)");

/** What is one's own: in the bar where there is room, behind one's name on a tablet or a phone. */
function Own({ person }: { person: User }) {
  const [roomy, setRoomy] = useState(ROOMY.matches);
  useEffect(() => {
    const look = () => setRoomy(ROOMY.matches);
    ROOMY.addEventListener("change", look);
    return () => ROOMY.removeEventListener("change", look);
  }, []);
  const menu = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    if (roomy) return undefined;
    const close = (event: Event) => {
      const { current } = menu;
      const meant = event instanceof KeyboardEvent ? event.key === "Escape" : !current?.contains(event.target as Node);
      if (meant && current?.open === true) current.open = false;
    };
    document.addEventListener("pointerdown", close);
    document.addEventListener("keydown", close);
    return () => {
      document.removeEventListener("pointerdown", close);
      document.removeEventListener("keydown", close);
    };
  }, [roomy]);
  return (
    <details class="own" open={roomy} ref={menu}>
      <summary class="button small">{person.name}</summary>
      <div class="person">
        <LanguageSwitch />
        <a href="/account">{roomy ? person.name : t("me.title")}</a>
        <HandOverLink />
        <button class="button small quiet" onClick={() => void attempt(leave)}>
          {t("action.leave")}
        </button>
      </div>
    </details>
  );
}

function NavLink({ to, text }: { to: string; text: string }) {
  const here = to === "/" ? path.value === "/" || path.value === "/alarms" : path.value.startsWith(to);
  return (
    <a href={to} aria-current={here ? "page" : undefined}>
      {text}
    </a>
  );
}

function Counts() {
  const seen = overview.value;
  if (seen === null) return null;
  const { red, yellow, blue } = seen.waiting;
  const { watching, blind, total } = seen.cameras;
  const unknown = unknownOf(seen.cameras);
  return (
    <>
      <span class="counts">
        {t("top.open", { n: red + yellow + blue })}
        {(["red", "yellow", "blue"] as const).map((severity) =>
          seen.waiting[severity] > 0 ? (
            <span key={severity} class="count">
              <Grade severity={severity} bare /> {seen.waiting[severity]}
            </span>
          ) : null,
        )}
      </span>
      <a class="counts" href="/admin">
        {t("top.cameras", { watching, total })}
        {blind > 0 ? <strong> · {t("top.blind", { n: blind })}</strong> : null}
        {unknown > 0 ? <strong> · {t("top.unknown", { n: unknown })}</strong> : null}
      </a>
      {seen.wrong_clocks > 0 ? (
        <a class="counts" href="/admin/gateways" title={t("top.clocks_why")}>
          <strong>{t("top.clocks", { n: seen.wrong_clocks })}</strong>
        </a>
      ) : null}
    </>
  );
}
