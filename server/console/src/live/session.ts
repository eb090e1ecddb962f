/** Who is signed in, and where they belong. */

import { signal } from "@preact/signals";
import { onSignedOut, passes, Problem } from "../api/client";
import * as api from "../api/endpoints";
import type { Role, User } from "../api/models";
import { navigate, path } from "../router";
import { comeBack, goOffline, rest } from "./live";

/** undefined: not asked yet; null: nobody. */
export const user = signal<User | null | undefined>(undefined);
/** The session ended by itself while somebody was at work: their page stays as it is until they have signed in again. */
export const locked = signal(false);
/** That somebody signed in with this browser and has not signed out: a page that is opened after that can say why it asks who one is. */
const KEPT_AS = "lookout.signed-in";
/** What somebody asked for before they had signed in. */
let wanted: string | null = null;

const CONTROL: readonly Role[] = ["operator", "supervisor", "admin"];

/** May this person see the control room? */
export function inControl(person: User): boolean {
  return person.roles.some((role) => CONTROL.includes(role));
}

export function homeOf(person: User): string {
  if (inControl(person)) return "/";
  // Who reads the log and nothing else has no tasks.
  return person.roles.every((role) => role === "auditor") ? "/admin/audit" : "/worker";
}

/**
 * Ask the dispatcher who is signed in; when it does not answer, or cannot now, the person for whom this browser has kept
 * something may go on with that. @throws Unreachable, Problem when there is no such person.
 */
export async function loadSession(kept: () => Promise<User | undefined>): Promise<void> {
  try {
    user.value = await api.whoAmI();
    localStorage.setItem(KEPT_AS, "1");
  } catch (error) {
    if (user.value === null) return;
    const person = passes(error) ? await kept() : undefined;
    if (person === undefined) throw error;
    user.value = person;
  }
}

export async function enter(username: string, password: string, code?: string): Promise<void> {
  const person = await api.signIn(username, password, code);
  localStorage.setItem(KEPT_AS, "1");
  if (locked.value && person.id === user.value?.id) {
    user.value = person;
    locked.value = false;
    comeBack();
    return;
  }
  const to = wanted ?? homeOf(person);
  wanted = null;
  user.value = person;
  navigate(to);
}

/** Whether whoever used this browser last is asked to sign in because their session ran out or was ended elsewhere. */
export function hasRunOut(): boolean {
  return localStorage.getItem(KEPT_AS) !== null;
}

/** To the page for signing in; whoever signs in there comes back to the page that was asked for. */
export function askWho(): void {
  if (path.value === "/login") return;
  wanted = location.pathname + location.search;
  navigate("/login", true);
}

/** Away from a page whose session has ended; what was typed there is gone. */
export function leaveAnyhow(): void {
  locked.value = false;
  wanted = null;
  localStorage.removeItem(KEPT_AS);
  goOffline();
  user.value = null;
  navigate("/login", true);
}

let farewell: () => Promise<void> = () => Promise.resolve();

/** Say what is done with the session once more before it ends. */
export function beforeLeaving(action: () => Promise<void>): void {
  farewell = action;
}

export async function leave(): Promise<void> {
  try {
    await farewell();
    await api.signOut();
  } catch (error) {
    // Whose session has ended has left already.
    if (!(error instanceof Problem && error.status === 401)) throw error;
  }
  leaveAnyhow();
}

onSignedOut(() => {
  if (user.value) {
    locked.value = true;
    rest();
    return;
  }
  user.value = null;
  goOffline();
  askWho();
});
