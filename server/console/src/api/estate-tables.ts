/** Places, cameras, people and the roster as files. */

import { query, request } from "./client";

export const TABLES = ["territories", "cameras", "people", "shifts"] as const;

export interface Difference {
  field: string;
  before: string | null;
  after: string | null;
}

export interface EstateChange {
  kind: "territory" | "camera" | "person" | "shift";
  id: string;
  change: "created" | "updated" | "disabled" | "removed";
  fields: Difference[];
}

export interface RefusedRow {
  file: string;
  row: number | null;
  column: string | null;
  value: string | null;
  code: string;
  what: string;
}

export interface EstateReport {
  done: boolean;
  fingerprint: string;
  rows: number;
  counts: Record<"created" | "updated" | "disabled" | "removed" | "refused" | "absent", number>;
  changes: EstateChange[];
  refused: RefusedRow[];
  absent: EstateChange[];
}

/** What the files would change; with the fingerprint of that answer: do it. */
export function importEstate(files: readonly File[], complete: boolean, fingerprint?: string): Promise<EstateReport> {
  const form = new FormData();
  for (const file of files) form.append("files", file, file.name);
  return request<EstateReport>("POST", `/estate/import${query({ complete, fingerprint })}`, form);
}

export const exportAddress = (name: (typeof TABLES)[number] | "all") => `/api/v1/estate/${name === "all" ? "export.json" : `${name}.csv`}`;
