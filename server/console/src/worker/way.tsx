import type { CaseDetail, Place } from "../api/models";
import { overview } from "../live/live";
import { t } from "../text/i18n";

/** Opens the phone's own map where the case is: by the place that somebody sent with it, else by its name. */
export function Way({ item }: { item: CaseDetail }) {
  // A computer has no use for such an address, and a link that does nothing helps nobody.
  if (!matchMedia("(pointer: coarse)").matches) return null;
  return (
    <a class="button" href={mapAddress(item, overview.value?.site.name ?? "", navigator.userAgent)}>
      {t("worker.navigate")}
    </a>
  );
}

/** A `geo:` address (RFC 5870, with Android's `q`), or Apple's `maps:` where there are no such. */
export function mapAddress(item: CaseDetail, site: string, agent: string): string {
  const place = item.history.map((entry) => entry.data["place"] as Place | undefined).find((found) => found !== undefined);
  const name = [site, item.grid?.name, item.camera?.name].filter(Boolean).join(" ");
  const apple = /iPhone|iPad|Macintosh/.test(agent);
  if (place === undefined) return `${apple ? "maps:?q=" : "geo:0,0?q="}${encodeURIComponent(name)}`;
  const point = `${place.lat},${place.lon}`;
  return apple ? `maps:?ll=${point}&q=${encodeURIComponent(name)}` : `geo:${point}?q=${point}(${encodeURIComponent(name)})`;
}
