/** The log of who did what, searched. */

import { useState } from "preact/hooks";
import * as admin from "../api/admin";
import type { AuditEntry, AuditQuery } from "../api/admin";
import * as api from "../api/endpoints";
import { AdminShell } from "../components/admin-shell";
import { Empty } from "../components/empty";
import { Failed, Show, useLoad } from "../components/load";
import { More } from "../components/more";
import { Table } from "../components/table";
import { inControl, user } from "../live/session";
import { inWords } from "../text/audit";
import { dayTime } from "../text/format";
import { codesOf, t, word } from "../text/i18n";
import { dayAfter, fieldMoment } from "../text/zone";

/** Names for ids; an auditor who is not of the control room reads the ids. */
async function people(): Promise<ReadonlyMap<string, string>> {
  if (user.value == null || !inControl(user.value)) return new Map();
  return new Map((await api.people()).map((person) => [person.id, person.name]));
}

export default function AuditPage() {
  return (
    <AdminShell title={t("admin_page.audit")}>
      <Log />
    </AdminShell>
  );
}

function Log() {
  const [asked, setAsked] = useState<AuditQuery>({});
  const names = useLoad(people, "people");
  const found = useLoad(() => admin.audit(asked), JSON.stringify(asked));
  const nameOf = (id: string) => names.value?.get(id) ?? id;
  // Asked the same again, the log may have grown.
  const ask = (next: AuditQuery) => {
    setAsked(next);
    found.reload();
  };
  return (
    <>
      <p class="quiet-text">{t("audit.about")}</p>
      <Failed of={names} />
      <Filter onAsk={ask} names={names.value ?? new Map()} />
      <Show of={found}>
        {(page) =>
          page.items.length === 0 ? (
            <Empty title={t("audit.empty")}>{t("audit.empty_next")}</Empty>
          ) : (
            <>
              <Table
                caption={t("admin_page.audit")}
                rows={page.items}
                keyOf={(entry) => String(entry.seq)}
                columns={[
                  { name: t("audit.number"), cell: (entry) => entry.seq },
                  { name: t("audit.at"), cell: (entry) => <time dateTime={entry.at}>{dayTime(entry.at)}</time> },
                  { name: t("audit.who"), cell: (entry) => (entry.actor === null ? t("audit.nobody") : nameOf(entry.actor)) },
                  { name: t("audit.what"), cell: (entry) => word("act", entry.act) },
                  { name: t("audit.to"), cell: (entry) => <Subject entry={entry} nameOf={nameOf} /> },
                ]}
              />
              <More of={found} next={(cursor) => admin.audit(asked, cursor)} />
            </>
          )
        }
      </Show>
    </>
  );
}

function Subject({ entry, nameOf }: { entry: AuditEntry; nameOf: (id: string) => string }) {
  const details = Object.entries(entry.details).filter(([, value]) => value !== "");
  return (
    <div>
      {entry.subject === "" ? "–" : nameOf(entry.subject)}
      {details.length === 0 ? null : (
        <div class="quiet-text">{details.map(([name, value]) => `${word("audit_detail", name)} ${inWords(name, value)}`).join(" · ")}</div>
      )}
    </div>
  );
}

function Filter({ onAsk, names }: { onAsk: (asked: AuditQuery) => void; names: ReadonlyMap<string, string> }) {
  const [given, setGiven] = useState({ act: "", actor: "", about: "", first: "", last: "" });
  const change = (part: Partial<typeof given>, ask = true) => {
    const next = { ...given, ...part };
    setGiven(next);
    if (ask) onAsk(asked(next));
  };
  return (
    <form
      class="filter"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        onAsk(asked(given));
      }}
    >
      <label>
        {t("audit.what")}
        <select value={given.act} onChange={(event) => change({ act: event.currentTarget.value })}>
          <option value="">{t("audit.anything")}</option>
          {codesOf("act").map((act) => (
            <option key={act} value={act}>
              {word("act", act)}
            </option>
          ))}
        </select>
      </label>
      <label>
        {t("audit.who")}
        <input list="audit-people" value={given.actor} placeholder="u-li" onInput={(event) => change({ actor: event.currentTarget.value }, false)} />
        <datalist id="audit-people">
          {[...names].map(([id, name]) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </datalist>
      </label>
      <label>
        {t("audit.to")}
        <input value={given.about} maxLength={100} onInput={(event) => change({ about: event.currentTarget.value }, false)} />
      </label>
      <label>
        {t("statistics.first")}
        <input type="date" value={given.first} max={given.last} onInput={(event) => change({ first: event.currentTarget.value })} />
      </label>
      <label>
        {t("statistics.last")}
        <input type="date" value={given.last} min={given.first} onInput={(event) => change({ last: event.currentTarget.value })} />
      </label>
      <button class="button small">{t("audit.search")}</button>
    </form>
  );
}

/** Days begin and end by the site's clock. */
function asked({ act, actor, about, first, last }: Record<"act" | "actor" | "about" | "first" | "last", string>): AuditQuery {
  const day = (text: string, after: number) => fieldMoment(`${dayAfter(text, after)}T00:00`);
  return {
    act: act || undefined,
    actor: actor.trim() || undefined,
    about: about.trim() || undefined,
    first: first ? day(first, 0) : undefined,
    before: last ? day(last, 1) : undefined,
  };
}
