/** The API's operations by name. Each throws what `request` throws. */

import { query, request } from "./client";
import type {
  Alarm,
  Camera,
  Candidate,
  Case,
  CaseAction,
  CaseDetail,
  CaseState,
  Command,
  DismissReason,
  Gateway,
  Named,
  Notice,
  Overview,
  Page,
  Timers,
  User,
} from "./models";

const PAGE_SIZE = 100;
/** As much as the API gives at once. */
const LONG_PAGE = 200;
/** More than this many open items is not a list any more; the page says that there are more. */
const MOST_PAGES = 5;

export const signIn = (username: string, password: string, code?: string) =>
  request<{ user: User }>("POST", "/session", { username, password, ...(code ? { code } : {}) }).then((answer) => answer.user);

/** What people call the provider of sign-ins, or null where passwords are all there is. */
export const signInProvider = () =>
  request<{ oidc: string | null }>("GET", "/session/oidc/about").then((answer) => answer.oidc);

export const whoAmI = () => request<{ user: User }>("GET", "/session").then((answer) => answer.user);

export const signOut = () => request<null>("DELETE", "/session");

export const overview = () => request<Overview>("GET", "/overview");

export const alarm = (id: string) => request<Alarm>("GET", `/alarms/${encodeURIComponent(id)}`);

export const report = (id: string) => request<Case>("POST", `/alarms/${encodeURIComponent(id)}/report`, {});

export const dismiss = (id: string, reason: DismissReason) =>
  request<Alarm>("POST", `/alarms/${encodeURIComponent(id)}/dismiss`, { reason });

export const undismiss = (id: string) => request<Alarm>("POST", `/alarms/${encodeURIComponent(id)}/undismiss`, {});

export const acknowledge = (id: string) => request<Alarm>("POST", `/alarms/${encodeURIComponent(id)}/acknowledge`, {});

export interface CaseFilter {
  state?: readonly CaseState[] | undefined;
  mine?: boolean | undefined;
  cursor?: string | undefined;
}

export const cases = (filter: CaseFilter = {}) =>
  request<Page<Case>>(
    "GET",
    `/cases${query({ state: filter.state?.join(","), mine: filter.mine, cursor: filter.cursor, limit: 50 })}`,
  );

export const caseDetail = (id: string) => request<CaseDetail>("GET", `/cases/${encodeURIComponent(id)}`);

/** Make a move on a case as the caller saw it at `version`; `stale_version` when somebody was faster. */
export const act = (id: string, action: CaseAction, version: number, fields: Record<string, unknown> = {}) =>
  request<Case>("POST", `/cases/${encodeURIComponent(id)}/${action}`, { version, ...fields });

/** A case as it was before whoever asks confirmed or voided it, a moment ago. */
export const takeBack = (id: string, version: number) =>
  request<Case>("POST", `/cases/${encodeURIComponent(id)}/take_back`, { version });

export const candidates = (id: string) =>
  request<{ items: Candidate[] }>("GET", `/cases/${encodeURIComponent(id)}/candidates`).then((answer) => answer.items);

export const caseNotices = (id: string) =>
  request<{ items: Notice[] }>("GET", `/cases/${encodeURIComponent(id)}/notices`).then((answer) => answer.items);

export const people = () => request<{ items: Named[] }>("GET", "/people").then((answer) => answer.items);

export const departments = () =>
  request<{ items: Named[] }>("GET", "/people?role=department").then((answer) => answer.items);

export const cameras = () => request<{ items: Camera[] }>("GET", "/cameras").then((answer) => answer.items);

export const gateways = () => request<{ items: Gateway[] }>("GET", "/gateways").then((answer) => answer.items);

export const timers = () => request<Timers>("GET", "/timers");

export const commands = () => request<{ items: Command[] }>("GET", "/commands?limit=20").then((answer) => answer.items);

/** All open alarms, newest first, and whether there are even more than are fetched. */
export const openAlarms = () =>
  everyPage<Alarm>((cursor) => `/alarms${query({ disposition: "open", limit: PAGE_SIZE, cursor })}`);

/** All open alarms, newest first, page by page. */
export async function* openAlarmPages(): AsyncGenerator<Alarm[]> {
  let cursor: string | undefined;
  do {
    const path = `/alarms${query({ disposition: "open", limit: LONG_PAGE, cursor })}`;
    const page: Page<Alarm> = await request<Page<Alarm>>("GET", path);
    yield page.items;
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined);
}

/** All cases in the given states, newest first. */
export const casesIn = (states: readonly CaseState[], mine = false) =>
  everyPage<Case>(
    (cursor) => `/cases${query({ state: states.join(","), limit: PAGE_SIZE, mine: mine || undefined, cursor })}`,
  );

async function everyPage<T>(path: (cursor: string | undefined) => string): Promise<{ items: T[]; more: boolean }> {
  const items: T[] = [];
  let cursor: string | undefined;
  for (let count = 0; count < MOST_PAGES; count += 1) {
    const page = await request<Page<T>>("GET", path(cursor));
    items.push(...page.items);
    if (page.next_cursor === null) return { items, more: false };
    cursor = page.next_cursor;
  }
  return { items, more: true };
}
