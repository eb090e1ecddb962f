import type { Case } from "../api/models";
import { t, word } from "./i18n";

/** What a topic, `FAMILY.CODE`, is called. */
const FAMILIES: Record<string, (code: string) => string> = {
  scenario: (code) => word("scenario", code),
  report: (code) => word("report_kind", code),
  danger: (code) => t("title.button", { what: word("danger_kind", code) }),
};

type Titled = Pick<Case, "title" | "topic" | "scene" | "source"> & Partial<Pick<Case, "scenario" | "camera">>;

/** What a case is about and where, in the reader's language; its own title when it is from before there were topics. */
export function caseTitle(item: Titled): string {
  const [family = "", code = ""] = item.topic?.split(".") ?? [];
  const what = FAMILIES[family]?.(code);
  if (what === undefined || item.scene === null) return ruleTitle(item);
  const said = `${what} · ${item.camera?.name ?? item.scene}`;
  return item.source === "hotline" ? `12345 · ${said}` : said;
}

function ruleTitle({ title, topic, scenario, camera }: Titled): string {
  const known = topic === null && scenario != null && camera != null;
  return known ? `${word("scenario", scenario)} · ${camera.name}` : title;
}
