import { useEffect, useState } from "preact/hooks";
import * as api from "../api/vehicles";
import type { Holder } from "../api/vehicles";
import { follow } from "../live/live";
import { attempt, tell } from "../live/notices";
import { dayTime } from "../text/format";
import { t } from "../text/i18n";
import { Show, useLoad } from "./load";
import { Table } from "./table";

/** Which gateways hold the list; `turn` counts what was changed here. One line while all do, a table while one does not. */
export function ListHolders({ turn }: { turn: number }) {
  const found = useLoad(api.holders, "holders");
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    if (turn > 0) found.reload();
  }, [turn]);
  useEffect(
    () =>
      follow((message) => {
        if (message.kind === "gateway") found.reload();
      }, found.reload),
    [],
  );
  const again = async () => {
    setBusy(true);
    await attempt(async () => {
      found.set(await api.sendAgain());
      tell(t("holding.sent_again"));
    });
    setBusy(false);
  };
  return (
    <Show of={found}>
      {({ version, items }) => {
        if (items.length === 0) return null;
        const behind = items.filter((each) => each.holding !== "current");
        const stuck = version > 0 && behind.some((each) => each.holding === "failed" || each.holding === "own");
        return (
          <details class="numbers holders" open={stuck}>
            <summary>
              {behind.length === 0 ? t("holding.all", { n: items.length }) : t("holding.some", { n: items.length - behind.length, all: items.length })}
            </summary>
            <Table
              caption={t("holding.caption")}
              rows={items}
              keyOf={(each) => each.gateway}
              columns={[
                { name: t("gateway.to"), cell: (each) => each.gateway },
                {
                  name: t("holding.state"),
                  cell: (each) => (
                    <div>
                      <span class={each.holding === "failed" || each.holding === "own" ? "pill off" : "pill"}>{t(`holding_state.${each.holding}`)}</span>
                      <div class="quiet-text">{why(each)}</div>
                    </div>
                  ),
                },
                { name: t("holding.vehicles"), number: true, cell: (each) => each.vehicles ?? "–" },
                { name: t("holding.at"), cell: (each) => (each.at === null ? "–" : dayTime(each.at)) },
              ]}
            />
            {stuck ? (
              <button class="button small more" disabled={busy} onClick={() => void again()}>
                {t("holding.again")}
              </button>
            ) : null}
          </details>
        );
      }}
    </Show>
  );
}

function why(each: Holder): string {
  if (each.holding === "failed") return each.detail ?? t("holding.no_answer");
  if (each.holding === "waiting") return t(each.online ? "holding.soon" : "holding.away");
  return each.holding === "own" ? t("holding.own_about") : "";
}
