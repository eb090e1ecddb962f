import type { TourStep } from "../components/tour";

export const WORKER_TOUR: readonly TourStep[] = [
  ["tour_worker.tasks", "tour_worker.tasks_text", ".phone-main"],
  ["tour_worker.offline", "tour_worker.offline_text", ".phone-head"],
  ["tour_worker.tabs", "tour_worker.tabs_text", ".tabs"],
  ["tour_worker.alarm", "tour_worker.alarm_text", ".tabs a:last-child"],
  ["tour_worker.help", "tour_worker.help_text", ".phone-head .help"],
];
