/** What the wall and the camera page ask: newest pictures, and what a camera told. */

import { query, request } from "./client";
import type { Alarm, Page } from "./models";

/** A camera's newest picture; another picture has another address. */
export interface Still {
  gateway: string;
  camera: string;
  at: string;
  url: string;
}

export const stills = () => request<{ items: Still[] }>("GET", "/stills").then((answer) => answer.items);

/** The newest alarms of the cameras of this name, of whichever gateway. */
export const alarmsAt = (camera: string) =>
  request<Page<Alarm>>("GET", `/alarms${query({ camera, limit: 20 })}`).then((page) => page.items);
