/** Where somebody is: told by their own phone, kept for minutes, shown to nobody. */

import { request } from "./client";
import type { Place } from "./models";

export const sharePosition = (place: Place) => request<{ until: string }>("PUT", "/position", place);

export const forgetPosition = () => request<null>("DELETE", "/position");
