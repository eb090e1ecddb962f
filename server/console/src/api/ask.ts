/** Asking a gateway for something, and waiting for what it answers. */

import { query, request } from "./client";
import type { Command } from "./models";

/** A command with what came back beside its words. */
export interface Answered extends Command {
  result: Readonly<Record<string, unknown>>;
  /** What people call whom the result names by the user name as who drew. */
  drawn_by_name: string | null;
}

export type Corner = [number, number];
/** Name → corners in order, as fractions of the picture from the top left. */
export type Zones = Readonly<Record<string, readonly Corner[]>>;

/** A camera's zones as the gateway has them in force. */
export interface ZonesReport {
  camera: string;
  version: string;
  zones: Zones;
  rules: Readonly<Record<string, readonly string[]>>;
  earlier: Zones | null;
  drawn_by: string | null;
  drawn_at: string | null;
}

const LOOK_EVERY_MS = 400;

export const ask = (gateway: string, body: Readonly<Record<string, unknown>>) =>
  request<Answered>("POST", `/gateways/${encodeURIComponent(gateway)}/commands`, body);

/** Ask, and wait until the gateway has answered or its time has run out. */
export async function askAndWait(gateway: string, body: Readonly<Record<string, unknown>>): Promise<Answered> {
  let command = await ask(gateway, body);
  while (command.state === "waiting") {
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    const newest = await request<{ items: Answered[] }>("GET", `/commands${query({ gateway, limit: 50 })}`);
    const found = newest.items.find(({ id }) => id === command.id);
    if (found === undefined) return { ...command, state: "timed_out" };
    command = found;
  }
  return command;
}
