import type { Case } from "../api/models";
import { t, word } from "./i18n";

/** What a topic, `FAMILY.CODE`, is called. */
const FAMILIES: Record<string, (code: string) => string> = {
  scenario: (code) => word("scenario", code),
  report: (code) => word("report_kind", code),
  danger: (code) => t("title.button", { what: word("danger_kind", code) }),
};

type Titled = Pick<Case, "title" | "topic" | "scene" | "source"> & Partial<Pick<Case, "scenario" | "camera" | "also">>;

/** What a case is about and where, in the reader's language; its own title when it is from before there were topics. */
export function caseTitle(item: Titled): string {
  const what = whatOf(item);
  if (what === undefined || item.scene === null) return ruleTitle(item);
  const said = `${what} · ${placeOf(item, item.scene)}`;
  return item.source === "hotline" ? `12345 · ${said}` : said;
}

/** What it is about alone; undefined where only its title says so. */
export function whatOf({ topic }: Pick<Case, "topic">): string | undefined {
  const [family = "", code = ""] = topic?.split(".") ?? [];
  return FAMILIES[family]?.(code);
}

function ruleTitle({ title, topic, scenario, camera }: Titled): string {
  const known = topic === null && scenario != null && camera != null;
  return known ? `${word("scenario", scenario)} · ${camera.name}` : title;
}

/** The first place of a case, and of how many: who goes to one of two fires has to know of the other. */
export function placeOf(item: Partial<Pick<Case, "camera" | "also">>, scene: string): string {
  const place = item.camera?.name ?? scene;
  // What phones kept from before may lack the others.
  const more = item.also?.length ?? 0;
  return more === 0 ? place : t("title.and_more", { place, n: more + 1 });
}
