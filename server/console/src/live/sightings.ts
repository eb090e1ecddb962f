/** The alarms of a case: when and where it was seen. */

import type { Alarm, CaseDetail } from "../api/models";

/** More than this many to choose from are no choice. */
const MOST = 8;

/** The first, then what joined it. What phones kept from before may lack the others. */
export function sightingsOf(item: Pick<CaseDetail, "primary_alarm"> & Partial<Pick<CaseDetail, "other_alarms">>): Alarm[] {
  return item.primary_alarm === null ? [] : [item.primary_alarm, ...(item.other_alarms ?? [])];
}

/** Those to look at: all, or of very many the newest of each camera. */
export function toLookAt(alarms: readonly Alarm[]): readonly Alarm[] {
  if (alarms.length <= MOST) return alarms;
  const newest = new Map(alarms.map((alarm) => [`${alarm.gateway}/${alarm.camera.id}`, alarm]));
  return [...newest.values()];
}
