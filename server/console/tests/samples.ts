/** Values as the API sends them, for tests. */

import type { Alarm, Case, CaseDetail, FeedMessage } from "../src/api/models";

export function alarm(part: Partial<Alarm> = {}): Alarm {
  return {
    id: "a-1",
    occurrence: "o-1",
    scenario: "corridor_ebike",
    severity: "yellow",
    severity_reason: null,
    state: "active",
    disposition: "open",
    disposition_reason: null,
    camera: { id: "unit2", name: "2单元楼道" },
    gateway: "gw-1",
    grid: { id: "grid-07", name: "07" },
    zone: "corridor",
    outline: null,
    started_at: "2026-05-04T06:00:00.000Z",
    updated_at: "2026-05-04T06:00:10.000Z",
    ended_at: null,
    end_reason: null,
    received_at: "2026-05-04T06:00:01.000Z",
    objects: [],
    votes: { yes: 6, of: 8 },
    dwell_s: 10,
    attributes: {},
    explain: [],
    evidence: [],
    case_id: null,
    standing: "unacknowledged",
    acknowledged_by: null,
    acknowledged_by_name: null,
    acknowledged_until: null,
    silence: null,
    repeats: 1,
    flapping: false,
    ...part,
  };
}

export function caseItem(part: Partial<Case> = {}): Case {
  return {
    id: "c-1",
    number: "c-1",
    title: "电动车进楼 · 2单元楼道",
    topic: "scenario.corridor_ebike",
    scene: "2单元楼道",
    source: "camera",
    scenario: "corridor_ebike",
    severity: "yellow",
    state: "confirmed",
    version: 1,
    camera: { id: "unit2", name: "2单元楼道" },
    also: [],
    seen_by: 0,
    grid: { id: "grid-07", name: "07" },
    opened_at: "2026-05-04T06:01:00.000Z",
    updated_at: "2026-05-04T06:01:00.000Z",
    due_at: null,
    handler: null,
    handler_gone: false,
    first_due_at: null,
    paused_left_s: null,
    asked: null,
    supervised: false,
    whistles: [],
    merged_into: null,
    tier: null,
    score: null,
    alarms: ["a-1"],
    allowed: [],
    ...part,
  };
}

export function caseDetail(part: Partial<CaseDetail> = {}): CaseDetail {
  return { ...caseItem(part), primary_alarm: null, other_alarms: [], history: [], evidence: [], ...part };
}

export function message(part: Pick<FeedMessage, "alarm" | "case">): FeedMessage {
  return {
    seq: 1,
    at: "2026-05-04T06:00:00.000Z",
    kind: part.case ? "case" : "alarm",
    id: part.case?.id ?? part.alarm?.id ?? "",
    change: "updated",
    ...part,
  };
}
