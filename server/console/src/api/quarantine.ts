/** Messages that the dispatcher could not take. */

import { query, request } from "./client";
import type { QuarantinePage } from "./models";

export const quarantine = (cursor?: string) => request<QuarantinePage>("GET", `/quarantine${query({ cursor, limit: 50 })}`);
