/** Where a camera's pages are, and what they are called. */

import type { Camera } from "../api/models";

export const cameraPath = (camera: { gateway: string; id: string }) => `/cameras/${camera.gateway}/${camera.id}`;

/** Cameras are named within their gateway only. */
export const cameraKey = (camera: Pick<Camera, "gateway" | "id">) => `${camera.gateway}/${camera.id}`;
