/** Who is told of alarms and cases by HTTP, how far they have heard, and what they refused. */

import { useState } from "preact/hooks";
import * as rules from "../api/rules";
import type { Webhook } from "../api/rules";
import { AdminShell } from "../components/admin-shell";
import { Empty } from "../components/empty";
import { Show, useLoad } from "../components/load";
import { useReload } from "../components/reload";
import { Table } from "../components/table";
import { attempt, tell } from "../live/notices";
import { dayTime } from "../text/format";
import { t } from "../text/i18n";

export default function WebhooksPage() {
  return (
    <AdminShell title={t("admin_page.webhooks")}>
      <Webhooks />
    </AdminShell>
  );
}

function Webhooks() {
  const found = useLoad(rules.webhooks, "webhooks");
  useReload(found.reload, ["case"]);
  return (
    <>
      <p class="quiet-text">{t("webhook.about")}</p>
      <Show of={found}>
        {(hooks) =>
          hooks.length === 0 ? (
            <Empty title={t("webhook.none")}>{t("webhook.none_next")}</Empty>
          ) : (
            <div class="stack">
              {hooks.map((hook) => (
                <Receiver key={hook.name} hook={hook} onSent={found.reload} />
              ))}
            </div>
          )
        }
      </Show>
    </>
  );
}

/** What came back, in the reader's language. */
const answerText = (status: number | null) => (status === null ? t("webhook.unreached") : t("webhook.answers", { status }));

function Receiver({ hook, onSent }: { hook: Webhook; onSent: () => void }) {
  const [busy, setBusy] = useState(false);
  const resend = async () => {
    setBusy(true);
    await attempt(async () => {
      tell(t("webhook.sent", { n: await rules.resend(hook.name) }));
      onSent();
    });
    setBusy(false);
  };
  return (
    <section class="panel" aria-label={hook.name}>
      <div class="panel-head">
        <h2>{hook.name}</h2>
        <span class={hook.failing_since === null ? "pill" : "pill off"}>{t(hook.failing_since === null ? "webhook.fine" : "webhook.failing")}</span>
        <span class="quiet-text">{hook.host}</span>
      </div>
      {hook.failing_since === null ? null : (
        <p class="warning">
          {t("webhook.since", { at: dayTime(hook.failing_since), why: answerText(hook.last_status) })}
          {hook.next_at === null ? "" : ` · ${t("webhook.next", { at: dayTime(hook.next_at) })}`}
        </p>
      )}
      <dl class="facts">
        <div>
          <dt>{t("webhook.delivered")}</dt>
          <dd>{hook.delivered}</dd>
        </div>
        <div>
          <dt>{t("webhook.behind")}</dt>
          <dd>{hook.behind === 0 ? t("webhook.not_behind") : hook.behind}</dd>
        </div>
        <div>
          <dt>{t("webhook.last")}</dt>
          <dd>{hook.last_at === null ? "–" : dayTime(hook.last_at)}</dd>
        </div>
      </dl>
      {hook.set_aside.length === 0 ? null : (
        <>
          <p>{t("webhook.set_aside", { n: hook.set_aside.length })}</p>
          <Table
            caption={t("webhook.refused")}
            rows={hook.set_aside}
            keyOf={(letter) => String(letter.seq)}
            most={8}
            columns={[
              { name: t("audit.number"), cell: (letter) => letter.seq },
              { name: t("audit.at"), cell: (letter) => dayTime(letter.at) },
              { name: t("webhook.why"), cell: (letter) => answerText(letter.status) },
            ]}
          />
          <div class="buttons">
            <button class="button small" disabled={busy} onClick={() => void resend()}>
              {t("webhook.resend")}
            </button>
          </div>
        </>
      )}
    </section>
  );
}
