/** Who is signed in, and where they belong. */

import { signal } from "@preact/signals";
import { onSignedOut, Unreachable } from "../api/client";
import * as api from "../api/endpoints";
import type { Role, User } from "../api/models";
import { navigate, path } from "../router";
import { goOffline } from "./live";

/** undefined: not asked yet; null: nobody. */
export const user = signal<User | null | undefined>(undefined);
/** The session ended by itself while somebody was at work. */
export const ended = signal(false);

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
 * Ask the dispatcher who is signed in; when it does not answer, the person for whom this browser has kept something
 * may go on with that. @throws Unreachable when there is no such person.
 */
export async function loadSession(kept: () => Promise<User | undefined>): Promise<void> {
  try {
    user.value = await api.whoAmI();
  } catch (error) {
    if (user.value === null) return;
    const person = error instanceof Unreachable ? await kept() : undefined;
    if (person === undefined) throw error;
    user.value = person;
  }
}

export async function enter(username: string, password: string, code?: string): Promise<void> {
  const person = await api.signIn(username, password, code);
  ended.value = false;
  user.value = person;
  navigate(homeOf(person));
}

let farewell: () => Promise<void> = () => Promise.resolve();

/** Say what is done with the session once more before it ends. */
export function beforeLeaving(action: () => Promise<void>): void {
  farewell = action;
}

export async function leave(): Promise<void> {
  await farewell();
  await api.signOut();
  goOffline();
  user.value = null;
  navigate("/login");
}

onSignedOut(() => {
  ended.value = user.value !== undefined && user.value !== null;
  user.value = null;
  goOffline();
  if (path.value !== "/login") navigate("/login");
});
