/** What supervisors and admins do behind the control room. */

import { query, request } from "./client";
import type { Command, Page } from "./models";

export interface ModelPackage {
  model: string;
  sha256: string;
  bytes: number;
}

/** A code for one box, shown this once. */
export interface Offer {
  gateway: string;
  url: string;
  code: string;
  expires_at: string;
}

export type Ask =
  | { name: "reload" }
  | { name: "self_test"; camera: string }
  | { name: "rollout"; package: string }
  | { name: "proposal"; proposal: string; accept: boolean };

export const askGateway = (gateway: string, asked: Ask) =>
  request<Command>("POST", `/gateways/${encodeURIComponent(gateway)}/commands`, asked);

export const models = () => request<{ items: ModelPackage[] }>("GET", "/models").then((answer) => answer.items);

export const offerEnrolment = (gateway: string) => request<Offer>("POST", "/enrolments", { gateway });

export const shutOut = (gateway: string) => request<null>("DELETE", `/enrolments/${encodeURIComponent(gateway)}`);

export interface AuditEntry {
  seq: number;
  at: string;
  act: string;
  actor: string | null;
  subject: string;
  details: Record<string, string | number>;
  chain: string;
}

export interface AuditQuery {
  act?: string | undefined;
  actor?: string | undefined;
  about?: string | undefined;
  first?: string | undefined;
  before?: string | undefined;
}

export const audit = (asked: AuditQuery, cursor?: string) =>
  request<Page<AuditEntry>>("GET", `/audit${query({ ...asked, cursor, limit: 50 })}`);
