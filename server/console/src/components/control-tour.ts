import type { TourStep } from "./tour";

export const CONTROL_TOUR: readonly TourStep[] = [
  ["tour_control.list", "tour_control.list_text", ".room .list"],
  ["tour_control.pane", "tour_control.pane_text", ".room .pane"],
  ["tour_control.side", "tour_control.side_text", ".room .side"],
  ["tour_control.top", "tour_control.top_text", ".topbar"],
  ["tour_control.keys", "tour_control.keys_text", ".keys-button"],
];
