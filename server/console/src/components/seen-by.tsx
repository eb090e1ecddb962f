import type { Case } from "../api/models";
import { t } from "../text/i18n";

/** How many residents see it, too; nothing while nobody said so. What phones kept from before may lack it. */
export function SeenBy({ item }: { item: Partial<Pick<Case, "seen_by">> }) {
  const n = item.seen_by ?? 0;
  return n === 0 ? null : <p class="quiet-text">{t("case.seen_by", { n })}</p>;
}
