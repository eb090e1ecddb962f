/** Registered vehicles, tables of them, and which gateways hold the list. */

import { query, request } from "./client";
import type { Page } from "./models";

/** What is said of a vehicle. */
export interface Said {
  plate: string;
  valid_from: string | null;
  /** Null: for good. */
  valid_until: string | null;
  /** Where it counts; none: everywhere. */
  cameras: string[];
  /** Visits for which it is good; null: any number. */
  uses: number | null;
  note: string;
}

export interface Vehicle extends Said {
  id: string;
  /** Gateway → how often it was used there; each counts for itself. */
  visits: Record<string, number>;
  /** Null: whoever runs the machine. */
  registered_by: string | null;
  registered_at: string;
}

export interface VehiclePage extends Page<Vehicle> {
  total: number;
}

export type Holding = "current" | "sent" | "waiting" | "failed" | "own";

export interface Holder {
  gateway: string;
  online: boolean;
  holding: Holding;
  at: string | null;
  vehicles: number | null;
  detail: string | null;
}

export interface Holders {
  version: number;
  changed_at: string | null;
  items: Holder[];
}

export interface RefusedLine {
  row: number;
  column: string | null;
  value: string | null;
  code: string;
  what: string;
}

export interface VehicleImport {
  done: boolean;
  version: number;
  counts: Record<"created" | "updated" | "removed" | "same" | "others" | "refused", number>;
  changes: { change: "created" | "updated" | "removed"; before: Said | null; after: Said | null }[];
  refused: RefusedLine[];
}

export type Period = "tonight" | "week" | "resident";

export const EXPORT_ADDRESS = "/api/v1/vehicles/export.csv";

export const vehicles = (q: string, over: boolean, cursor?: string) =>
  request<VehiclePage>("GET", `/vehicles${query({ q: q === "" ? null : q, over: over ? true : null, cursor })}`);

export const holders = () => request<Holders>("GET", "/vehicles/gateways");

export const sendAgain = () => request<Holders>("POST", "/vehicles/gateways");

/** Register it, or change the one of this id; once more is once. */
export const putVehicle = (id: string, said: Said) => request<Vehicle>("PUT", `/vehicles/${id}`, said);

export const removeVehicle = (id: string) => request<null>("DELETE", `/vehicles/${id}`);

/** What stands of a vehicle, without who registered it. */
export const saidOf = ({ plate, valid_from, valid_until, cameras, uses, note }: Said): Said => ({ plate, valid_from, valid_until, cameras, uses, note });

/** A random id of our own: what is sent again is the same vehicle. */
export function newVehicleId(): string {
  return `v-${[...crypto.getRandomValues(new Uint8Array(10))].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

/** What the table would change; with the version that was looked at: do it. */
export const importVehicles = (table: Blob, complete: boolean, seen?: number) =>
  request<VehicleImport>("POST", `/vehicles/import${query({ complete, dry_run: seen === undefined, seen })}`, table);

/** What stands on the list of the vehicle that an alarm is about. */
export const alarmVehicle = (alarm: string) => request<{ plate: string; registered: Vehicle[] }>("GET", `/alarms/${alarm}/vehicle`);

export const letIn = (alarm: string, period: Period, note: string) => request<Vehicle>("PUT", `/alarms/${alarm}/vehicle`, { period, note });
