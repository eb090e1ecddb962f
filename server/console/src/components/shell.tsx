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
import { useOneLine } from "./one-line";

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
  const bar = useRef<HTMLElement>(null);
  useOneLine(bar);
  return (
    <header class="topbar" ref={bar}>
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

/** What is one's own: in the bar where there is room, else behind one's name. */
function Own({ person }: { person: User }) {
  const [open, setOpen] = useState(false);
  const own = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return undefined;
    const close = (event: Event) => {
      const meant = event instanceof KeyboardEvent ? event.key === "Escape" : !own.current?.contains(event.target as Node);
      if (meant) setOpen(false);
    };
    document.addEventListener("pointerdown", close);
    document.addEventListener("keydown", close);
    return () => {
      document.removeEventListener("pointerdown", close);
      document.removeEventListener("keydown", close);
    };
  }, [open]);
  return (
    <div class="own" ref={own}>
      <button class="button small" aria-expanded={open} onClick={() => setOpen(!open)}>
        {person.name}
      </button>
      <div class={open ? "person open" : "person"}>
        <LanguageSwitch />
        <a href="/account">
          <span class="name">{person.name}</span>
          <span class="mine">{t("me.title")}</span>
        </a>
        <HandOverLink />
        <button class="button small quiet" onClick={() => void attempt(leave)}>
          {t("action.leave")}
        </button>
      </div>
    </div>
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
        <span class="watching">
          {t("top.cameras", { watching, total })}
          {blind + unknown > 0 ? " · " : null}
        </span>
        {blind > 0 ? <strong>{t("top.blind", { n: blind })}</strong> : null}
        {blind > 0 && unknown > 0 ? " · " : null}
        {unknown > 0 ? <strong>{t("top.unknown", { n: unknown })}</strong> : null}
      </a>
      {seen.wrong_clocks > 0 ? (
        <a class="counts" href="/admin/gateways" title={t("top.clocks_why")}>
          <strong>{t("top.clocks", { n: seen.wrong_clocks })}</strong>
        </a>
      ) : null}
    </>
  );
}
