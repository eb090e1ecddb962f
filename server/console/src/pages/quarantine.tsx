/** Messages that could not be taken, and why. */

import type { Quarantined } from "../api/models";
import * as api from "../api/quarantine";
import { AdminShell } from "../components/admin-shell";
import { Empty } from "../components/empty";
import { Show, useLoad } from "../components/load";
import { More } from "../components/more";
import { useReload } from "../components/reload";
import { dayTime, size } from "../text/format";
import { t } from "../text/i18n";

export default function QuarantinePage() {
  return (
    <AdminShell title={t("admin_page.quarantine")}>
      <List />
    </AdminShell>
  );
}

function List() {
  const found = useLoad(() => api.quarantine(), "quarantine");
  useReload(found.reload, ["gateway"]);
  return (
    <>
      <p class="quiet-text">{t("quarantine.about")}</p>
      <Show of={found}>
        {(page) => (
          <>
            {page.dropped > 0 ? <p class="warning">{t("system.quarantine_full", { n: page.dropped })}</p> : null}
            {page.items.length === 0 ? (
              <Empty title={t("system.no_quarantine")}>{t("system.no_quarantine_next")}</Empty>
            ) : (
              <ul class="stack">
                {page.items.map((item) => (
                  <Message key={item.id} item={item} />
                ))}
              </ul>
            )}
            <More of={found} next={api.quarantine} />
          </>
        )}
      </Show>
    </>
  );
}

function Message({ item }: { item: Quarantined }) {
  return (
    <li class="panel">
      <h2>{item.reason}</h2>
      <p class="quiet-text">
        {dayTime(item.received_at)} · {item.source ?? t("quarantine.no_source")} · {size(item.size)}
        {item.times > 1 ? ` · ${t("system.times", { n: item.times })}` : ""}
      </p>
      <code>{item.topic}</code>
      <details>
        <summary>{t("quarantine.read")}</summary>
        <pre class="secret">{item.payload_preview}</pre>
      </details>
    </li>
  );
}
