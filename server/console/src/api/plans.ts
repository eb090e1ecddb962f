/** Floor plans, and where cameras stand on them. */

import { query, request } from "./client";
import type { Named } from "./models";

/** Fractions of the picture from the top left; degrees clockwise from its top; reach as a fraction of its width. */
export interface Standing {
  x: number;
  y: number;
  heading: number;
  angle: number;
  reach: number;
}

export interface Placed extends Standing {
  gateway: string;
  camera: string;
}

export interface Plan extends Named {
  place: Named;
  url: string;
  at: string;
  cameras: readonly Placed[];
}

export const plans = () => request<{ items: Plan[] }>("GET", "/plans").then((answer) => answer.items);

export const addPlan = (place: string, name: string, picture: Blob) =>
  request<{ id: string }>("POST", `/plans${query({ place, name })}`, picture);

export const removePlan = (id: string) => request<null>("DELETE", `/plans/${id}`);

export const placeCamera = (plan: string, { gateway, camera, ...standing }: Placed) =>
  request<Placed>("PUT", `/plans/${plan}/cameras/${gateway}/${camera}`, standing);

export const takeOff = ({ gateway, camera }: Pick<Placed, "gateway" | "camera">) =>
  request<null>("DELETE", `/plans/cameras/${gateway}/${camera}`);
