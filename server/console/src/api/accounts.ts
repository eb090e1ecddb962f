/** Accounts as an admin keeps them, and one's own: where one is signed in, and the second factor. */

import { query, request } from "./client";
import type { Page, Role } from "./models";

export interface Account {
  id: string;
  username: string;
  name: string;
  roles: Role[];
  grids: string[];
  barred: boolean;
  has_password: boolean;
  second_factor: boolean;
}

export interface AccountChange {
  name: string;
  roles: Role[];
  grids: string[];
  password?: string;
}

export interface AccountQuery {
  q?: string | undefined;
  role?: Role | undefined;
  barred?: boolean | undefined;
}

export const accounts = (asked: AccountQuery, cursor?: string) =>
  request<Page<Account>>("GET", `/accounts${query({ ...asked, cursor, limit: 50 })}`);

export const addAccount = (account: AccountChange & { username: string }) => request<Account>("POST", "/accounts", account);

export const changeAccount = (id: string, account: AccountChange) =>
  request<Account>("PUT", `/accounts/${encodeURIComponent(id)}`, account);

/** `cases_left`: of one that was just disabled. */
export const moveAccount = (id: string, move: "bar" | "let_in" | "reset_codes") =>
  request<Account & { cases_left?: number }>("POST", `/accounts/${encodeURIComponent(id)}/${move}`);

export interface OpenSession {
  id: string;
  began_at: string;
  expires_at: string;
  address: string;
  agent: string;
  current: boolean;
}

export const sessions = () => request<{ items: OpenSession[] }>("GET", "/sessions").then((answer) => answer.items);

/** Another password for oneself; one's other sessions end. */
export const changePassword = (password: string, wanted: string) =>
  request<null>("POST", "/session/password", { password, new_password: wanted });

export const endSession = (id: string) => request<null>("DELETE", `/sessions/${id}`);

/** What an authenticator needs; `qr` is rows of modules, 1 is dark. */
export interface Factor {
  secret: string;
  uri: string;
  qr: string[];
}

export const factorSince = () =>
  request<{ since: string | null }>("GET", "/session/second_factor").then((answer) => answer.since);

export const startFactor = () => request<Factor>("POST", "/session/second_factor");

export const confirmFactor = (code: string) =>
  request<{ recovery_codes: string[] }>("POST", "/session/second_factor/confirm", { code }).then((answer) => answer.recovery_codes);

export const stopFactor = (code: string) => request<null>("POST", "/session/second_factor/off", { code });
