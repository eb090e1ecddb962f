/** What somebody may do behind the control room, as the dispatcher judges it: buttons that would be refused are not shown. */

import type { User } from "../api/models";
import { user } from "./session";

function has(test: (person: User) => boolean): boolean {
  const person = user.value;
  return person != null && test(person);
}

/** Supervisors and admins. */
export const leads = () => has((person) => person.roles.some((role) => role === "supervisor" || role === "admin"));

/** Those in the control room who are named no place. */
export const ofWholeSite = () =>
  has((person) => person.grids.length === 0 && person.roles.some((role) => role === "operator" || role === "supervisor" || role === "admin"));

/** Supervisors and admins of the whole site. */
export const leadsSite = () => leads() && ofWholeSite();

export const administers = () => has((person) => person.grids.length === 0 && person.roles.includes("admin"));

export const audits = () => administers() || has((person) => person.roles.includes("auditor"));
