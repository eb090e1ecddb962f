/** Messages that could not be taken: read one, take it after all, or say why nothing will become of it. */

import { useState } from "preact/hooks";
import { Problem } from "../api/client";
import * as api from "../api/quarantine";
import type { QuarantineDetail, QuarantineState, Quarantined } from "../api/quarantine";
import { AdminShell } from "../components/admin-shell";
import { Empty } from "../components/empty";
import { Show, useLoad } from "../components/load";
import { More } from "../components/more";
import { useReload } from "../components/reload";
import { attempt, tell, trouble } from "../live/notices";
import { leads } from "../live/powers";
import { dayTime, size } from "../text/format";
import { filled, t } from "../text/i18n";

const VIEWS = ["waiting", "taken", "discarded"] as const satisfies readonly QuarantineState[];

export default function QuarantinePage() {
  const [view, setView] = useState<QuarantineState>("waiting");
  const choice = (
    <div class="buttons" role="group" aria-label={t("cases.filter")}>
      {VIEWS.map((state) => (
        <button key={state} class="button small" aria-pressed={view === state} onClick={() => setView(state)}>
          {t(`quarantine_state.${state}`)}
        </button>
      ))}
    </div>
  );
  return (
    <AdminShell title={t("admin_page.quarantine")} beside={choice}>
      <List key={view} view={view} />
    </AdminShell>
  );
}

function List({ view }: { view: QuarantineState }) {
  const found = useLoad(() => api.quarantine(view), view);
  useReload(found.reload, ["gateway"]);
  return (
    <>
      <p class="quiet-text">{t("quarantine.about")}</p>
      <Show of={found}>
        {(page) => (
          <>
            {page.dropped > 0 ? <p class="warning">{t("system.quarantine_full", { n: page.dropped })}</p> : null}
            {page.items.length === 0 ? (
              <Empty title={t(view === "waiting" ? "system.no_quarantine" : "quarantine.none")}>
                {view === "waiting" ? t("system.no_quarantine_next") : null}
              </Empty>
            ) : (
              <ul class="stack">
                {page.items.map((item) => (
                  <Message key={item.id} item={item} onEnded={found.reload} />
                ))}
              </ul>
            )}
            <More of={found} next={(cursor) => api.quarantine(view, cursor)} />
          </>
        )}
      </Show>
    </>
  );
}

function Message({ item, onEnded }: { item: Quarantined; onEnded: () => void }) {
  const [open, setOpen] = useState(false);
  return (
    <li class="panel">
      <div class="panel-head">
        <h2>{whyText(item.code, item.said, item.reason)}</h2>
        <span class={item.state === "waiting" ? "pill off" : "pill"}>{t(`quarantine_state.${item.state}`)}</span>
      </div>
      <p class="quiet-text">
        {dayTime(item.received_at)} · {item.source ?? t("quarantine.no_source")} · {size(item.size)}
        {item.times > 1 ? ` · ${t("system.times", { n: item.times })}` : ""}
      </p>
      <code>{item.topic}</code>
      {item.ended_at === null ? null : (
        <p>
          {t(`quarantine_ended.${item.state}`, { at: dayTime(item.ended_at), who: item.ended_by ?? t("quarantine.machine") })}
          {item.note === null ? "" : ` · ${item.note}`}
        </p>
      )}
      <div class="buttons">
        <button class="button small" aria-expanded={open} onClick={() => setOpen(!open)}>
          {t(open ? "quarantine.shut" : "quarantine.read")}
        </button>
      </div>
      {open ? <Detail id={item.id} onEnded={onEnded} /> : null}
    </li>
  );
}

function Detail({ id, onEnded }: { id: number; onEnded: () => void }) {
  const found = useLoad(() => api.message(id), String(id));
  return (
    <Show of={found}>
      {(message) => (
        <>
          {message.whole ? null : <p class="warning">{t("quarantine.part")}</p>}
          {message.hidden ? (
            <p class="warning">{t("quarantine.hidden")}</p>
          ) : (
            <pre class="secret">{pretty(message)}</pre>
          )}
          {message.state === "waiting" && leads() ? <Decide message={message} onEnded={onEnded} /> : null}
        </>
      )}
    </Show>
  );
}

/** JSON with its structure shown; anything else as it came. */
function pretty({ payload, payload_base64: bytes }: QuarantineDetail): string {
  if (payload === null) return bytes ?? "";
  try {
    return JSON.stringify(JSON.parse(payload), null, 2);
  } catch {
    return payload;
  }
}

/** Why a message cannot be taken, in the reader's language; the sentence itself where no code came with it. */
function whyText(code: string | null, said: Readonly<Record<string, string>>, sentence: string): string {
  return (code === null ? null : filled("quarantine_why", code, said)) ?? sentence;
}

function stillOut(error: Problem): string {
  const { why_code: code, why_said: said } = error.extras;
  return whyText(typeof code === "string" ? code : null, (said ?? {}) as Record<string, string>, error.message);
}

function Decide({ message, onEnded }: { message: QuarantineDetail; onEnded: () => void }) {
  const [reason, setReason] = useState("");
  const [busy, setBusy] = useState(false);
  const run = async (action: () => Promise<void>) => {
    setBusy(true);
    if (await attempt(action)) onEnded();
    setBusy(false);
  };
  const replay = () =>
    run(async () => {
      try {
        await api.replay(message.id);
        tell(t("quarantine.was_taken"));
      } catch (error) {
        // What still keeps it out is the one thing that helps.
        if (!(error instanceof Problem) || error.code !== "conflict") throw error;
        trouble(t("quarantine.still_out", { why: stillOut(error) }));
      }
    });
  const discard = (event: Event) => {
    event.preventDefault();
    void run(async () => {
      await api.discard(message.id, reason.trim());
      tell(t("quarantine.was_discarded"));
    });
  };
  return (
    <div class="one-line">
      {message.replayable ? (
        <button class="button small" disabled={busy} onClick={() => void replay()}>
          {t("quarantine.replay")}
        </button>
      ) : (
        <p class="quiet-text">{t("quarantine.not_again")}</p>
      )}
      <form class="one-line" onSubmit={discard}>
        <label>
          {t("quarantine.why")}
          <input value={reason} maxLength={500} required onInput={(event) => setReason(event.currentTarget.value)} />
        </label>
        <button class="button small" disabled={busy || reason.trim() === ""}>
          {t("quarantine.discard")}
        </button>
      </form>
    </div>
  );
}
