/** 交接班: the operations and what travels. */

import { request } from "./client";
import type { Case, Named } from "./models";

export type HandOverState = "offered" | "signed" | "declined" | "lapsed";

export interface HandOver {
  id: string;
  giver: Named;
  taker: Named;
  note: string;
  /** Ids, as they were in hand when the giver signed. */
  cases: string[];
  /** Of those, the ones that the asking person may know of, as they are now. */
  shown: Pick<Case, "id" | "number" | "title" | "topic" | "scene" | "source" | "severity" | "state">[];
  state: HandOverState;
  given_at: string;
  answered_at: string | null;
  declined: string | null;
  /** Of what both sign. */
  sha256: string;
}

export interface Colleague extends Named {
  duty: "on" | "off" | "rest" | "leave" | "unrostered";
  begins_at: string | null;
  /** Names: two people may have the same one. */
  places: string[];
}

const items = <T>(answer: { items: T[] }) => answer.items;

export const handOvers = () => request<{ items: HandOver[] }>("GET", "/hand_overs").then(items);

export const colleagues = () => request<{ items: Colleague[] }>("GET", "/hand_overs/colleagues").then(items);

export const handOver = (to: string, note: string) => request<HandOver>("POST", "/hand_overs", { to, note });

export const signHandOver = (id: string) => request<HandOver>("POST", `/hand_overs/${id}/sign`, {});

export const declineHandOver = (id: string, reason: string) =>
  request<HandOver>("POST", `/hand_overs/${id}/decline`, { reason });
