/** Which page a path shows, and who may see it. Each page is its own chunk, so that a phone loads only what it uses. */

import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { User } from "./api/models";
import { Notices } from "./components/notices";
import { SignInAgain } from "./components/sign-in-again";
import { explain } from "./live/notices";
import { askWho, homeOf, inControl, loadSession, user } from "./live/session";
import { match, navigate, path } from "./router";
import { everyWord, t } from "./text/i18n";
import { forgetSnapshot, keptSnapshot } from "./worker/shelf";

type Params = Readonly<Record<string, string>>;
export type PageProps = { params: Params };
type PageModule = { default: ComponentType<PageProps> };

interface Route {
  pattern: string;
  load: () => Promise<PageModule>;
  /** Who the page is for: anybody, who has not signed in yet, whoever has, or the control room. */
  access: "anybody" | "open" | "signed-in" | "control";
  /** The page has to load over a bad network: it comes with its own words instead of those of all pages. */
  light?: true;
}

/** A page that has not come by then is asked for anew by whoever waits. */
const PAGE_PATIENCE_MS = 30_000;

/** How often a page that did not load looks whether the dispatcher is back. */
const BACK_MS = 5_000;

const control = () => import("./pages/control-room");

const ROUTES: readonly Route[] = [
  { pattern: "/login", load: () => import("./pages/login"), access: "open", light: true },
  { pattern: "/", load: control, access: "control" },
  { pattern: "/alarms", load: control, access: "control" },
  { pattern: "/cases", load: () => import("./pages/cases"), access: "control" },
  { pattern: "/cases/:id", load: () => import("./pages/case"), access: "control" },
  { pattern: "/wall", load: () => import("./pages/wall"), access: "control" },
  { pattern: "/map", load: () => import("./pages/map"), access: "control" },
  { pattern: "/map/:plan", load: () => import("./pages/map"), access: "control" },
  { pattern: "/cameras/:gateway/:camera/zones", load: () => import("./pages/zones"), access: "control" },
  { pattern: "/cameras/:gateway/:camera", load: () => import("./pages/camera"), access: "control" },
  { pattern: "/statistics", load: () => import("./pages/statistics"), access: "control" },
  { pattern: "/hand-over", load: () => import("./pages/hand-over"), access: "signed-in" },
  { pattern: "/admin", load: () => import("./pages/system"), access: "control" },
  { pattern: "/admin/gateways", load: () => import("./pages/gateways"), access: "control" },
  { pattern: "/admin/quarantine", load: () => import("./pages/quarantine"), access: "control" },
  { pattern: "/admin/silences", load: () => import("./pages/silences"), access: "control" },
  { pattern: "/admin/vehicles", load: () => import("./pages/vehicles"), access: "control" },
  { pattern: "/admin/advice", load: () => import("./pages/advice"), access: "control" },
  { pattern: "/admin/webhooks", load: () => import("./pages/webhooks"), access: "control" },
  { pattern: "/admin/roster", load: () => import("./pages/roster"), access: "control" },
  { pattern: "/admin/policy", load: () => import("./pages/policy"), access: "control" },
  { pattern: "/admin/estate", load: () => import("./pages/estate"), access: "control" },
  { pattern: "/admin/accounts", load: () => import("./pages/accounts"), access: "control" },
  { pattern: "/account", load: () => import("./pages/account"), access: "signed-in" },
  { pattern: "/admin/audit", load: () => import("./pages/audit"), access: "signed-in" },
  { pattern: "/worker", load: () => import("./pages/worker"), access: "signed-in", light: true },
  { pattern: "/worker/diary", load: () => import("./pages/diary"), access: "signed-in", light: true },
  { pattern: "/worker/rounds", load: () => import("./pages/rounds"), access: "signed-in", light: true },
  { pattern: "/worker/rounds/:id", load: () => import("./pages/round"), access: "signed-in", light: true },
  { pattern: "/worker/alarm", load: () => import("./pages/alarm-button"), access: "signed-in", light: true },
  { pattern: "/worker/me", load: () => import("./pages/worker-me"), access: "signed-in", light: true },
  { pattern: "/worker/help", load: () => import("./pages/help"), access: "signed-in", light: true },
  { pattern: "/r/:code", load: () => import("./pages/resident"), access: "anybody", light: true },
  { pattern: "/track/:tracking", load: () => import("./pages/tracking"), access: "anybody", light: true },
  { pattern: "/worker/cases/:id", load: () => import("./pages/worker-case"), access: "signed-in", light: true },
];

export function App() {
  /** Why nobody can tell who is signed in. */
  const [lost, setLost] = useState<unknown>(null);
  const start = () => {
    // Residents have no account: nobody is asked who they are.
    if (ROUTES.some((route) => route.access === "anybody" && match(route.pattern, path.value) !== null)) user.value = null;
    else loadSession(keptPerson).then(() => setLost(null), setLost);
  };
  useEffect(start, []);
  useEffect(() => {
    if (lost === null) return undefined;
    const timer = window.setTimeout(start, BACK_MS);
    return () => window.clearTimeout(timer);
  }, [lost]);
  const nobody = user.value === null;
  useEffect(() => {
    if (nobody) void forgetSnapshot().catch(() => undefined);
  }, [nobody]);
  if (lost !== null) {
    // Whoever tries again sees that it is being tried.
    const again = () => {
      setLost(null);
      start();
    };
    return <Trouble text={explain(lost)} again={again} />;
  }
  if (user.value === undefined) return <p class="waiting">{t("state.loading")}</p>;
  return (
    <>
      <Current />
      <Notices />
      <SignInAgain />
    </>
  );
}

/** The phone opens without network; the control room must not look alive when it is not. */
async function keptPerson(): Promise<User | undefined> {
  return path.value.startsWith("/worker") ? (await keptSnapshot())?.person : undefined;
}

function Current() {
  for (const route of ROUTES) {
    const params = match(route.pattern, path.value);
    if (params !== null) return <Guarded key={route.pattern} route={route} params={params} />;
  }
  const person = user.value ?? null;
  const home = person === null ? "/login" : homeOf(person);
  return (
    <main class="trouble">
      <p role="alert">{t("problem.no_page")}</p>
      <a class="button" href={home}>
        {t(home === "/login" ? "problem.to_login" : "problem.to_home")}
      </a>
    </main>
  );
}

function Guarded({ route, params }: { route: Route; params: Params }) {
  const person = user.value ?? null;
  const elsewhere = redirect(route, person === null ? null : homeOf(person));
  useEffect(() => {
    if (elsewhere === "/login") askWho();
    else if (elsewhere !== null) navigate(elsewhere);
  }, [elsewhere]);
  if (elsewhere !== null) return null;
  return <Lazy route={route} params={params} />;
}

/** Where to go instead, or null when the page may be shown. */
function redirect(route: Route, home: string | null): string | null {
  if (route.access === "anybody") return null;
  if (route.access === "open") return home;
  if (home === null) return "/login";
  const person = user.value;
  return route.access === "control" && person && !inControl(person) ? home : null;
}

function Lazy({ route, params }: { route: Route; params: Params }) {
  const [Page, setPage] = useState<ComponentType<PageProps> | null>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    // What comes after all is shown; an import cannot be given up.
    const patience = window.setTimeout(() => setFailed(true), PAGE_PATIENCE_MS);
    Promise.all([route.load(), route.light ? undefined : everyWord()])
      .then(
        ([module]) => setPage(() => module.default),
        () => setFailed(true),
      )
      .finally(() => window.clearTimeout(patience));
    return () => window.clearTimeout(patience);
  }, [route]);
  useEffect(() => (failed && Page === null ? whenBack(() => location.reload()) : undefined), [failed, Page]);
  if (Page !== null) return <Page params={params} />;
  // After an upgrade of the dispatcher the chunk's name has changed; a fresh start finds it. While the dispatcher is away
  // there is none: what was open before is still here.
  if (failed) {
    const home = user.value ? homeOf(user.value) : null;
    return <Trouble text={t("problem.page_gone")} again={() => location.reload()} home={home === path.value ? null : home} />;
  }
  return <p class="waiting">{t("state.loading")}</p>;
}

/** Call back once the dispatcher answers after it did not; where it answers at once, something else is wrong. Returns the way to stop. */
function whenBack(action: () => void): () => void {
  let wasAway = false;
  const ask = () =>
    fetch("/healthz", { cache: "no-store" }).then(
      (answer) => {
        if (answer.ok && wasAway) action();
        wasAway ||= !answer.ok;
      },
      () => {
        wasAway = true;
      },
    );
  void ask();
  const timer = window.setInterval(() => void ask(), BACK_MS);
  return () => window.clearInterval(timer);
}

function Trouble({ text, again, home = null }: { text: string; again: () => void; home?: string | null }) {
  return (
    <main class="trouble">
      <p role="alert">{text}</p>
      <button class="button" onClick={again}>
        {t("action.again")}
      </button>
      {home === null ? null : (
        <a class="button" href={home}>
          {t("problem.to_home")}
        </a>
      )}
    </main>
  );
}
