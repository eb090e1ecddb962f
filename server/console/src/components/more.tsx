import { useState } from "preact/hooks";
import type { Page } from "../api/models";
import { attempt } from "../live/notices";
import { t } from "../text/i18n";
import type { Loaded } from "./load";

/** The next page of a list, put behind what is shown already. */
export function More<T, P extends Page<T>>({ of, next }: { of: Loaded<P>; next: (cursor: string) => Promise<P> }) {
  const [busy, setBusy] = useState(false);
  const cursor = of.value?.next_cursor ?? null;
  if (of.value === null || cursor === null) return null;
  const shown = of.value;
  const go = async () => {
    setBusy(true);
    await attempt(async () => {
      const page = await next(cursor);
      of.set({ ...page, items: [...shown.items, ...page.items] });
    });
    setBusy(false);
  };
  return (
    <button class="button small more" disabled={busy} onClick={() => void go()}>
      {t("cases.more")}
    </button>
  );
}
