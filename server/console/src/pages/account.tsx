/** One's own account: the password, where one is signed in, and the second factor. */

import { useState } from "preact/hooks";
import * as api from "../api/accounts";
import type { Factor, OpenSession } from "../api/accounts";
import { Problem } from "../api/client";
import { Age } from "../components/clocks";
import { Show, useLoad } from "../components/load";
import { PasswordForm } from "../components/password-form";
import { Shell } from "../components/shell";
import { Table } from "../components/table";
import { attempt, explain, tell } from "../live/notices";
import { user } from "../live/session";
import { deviceName } from "../text/device";
import { dayTime } from "../text/format";
import { t, word } from "../text/i18n";
import "../styles/panel.css";
import "../styles/sheet.css";
import "../styles/admin.css";

export default function AccountPage() {
  const person = user.value;
  // A new password ends the other sessions: the list is read again.
  const [changes, setChanges] = useState(0);
  return (
    <Shell>
      <div class="page-head">
        <h1>{t("me.title")}</h1>
      </div>
      <p>
        {person?.name} · {person?.username} · {(person?.roles ?? []).map((role) => word("role", role)).join(" · ")}
      </p>
      <PasswordForm username={person?.username ?? ""} onDone={() => setChanges(changes + 1)} />
      <SecondFactor />
      <Sessions key={changes} />
    </Shell>
  );
}

function SecondFactor() {
  const since = useLoad(async () => ({ at: await api.factorSince() }), "factor");
  const [made, setMade] = useState<Factor | null>(null);
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  const start = () => attempt(async () => setMade(await api.startFactor()));
  return (
    <section>
      <h2>{t("me.factor")}</h2>
      {codes === null ? null : <RecoveryCodes codes={codes} onSeen={() => setCodes(null)} />}
      <Show of={since}>
        {({ at }) =>
          at !== null ? (
            <TurnOff since={at} onOff={since.reload} />
          ) : made !== null ? (
            <SetUp
              factor={made}
              onDone={(found) => {
                setCodes(found);
                setMade(null);
                since.reload();
              }}
            />
          ) : (
            <div class="panel">
              <p>{t("me.factor_why")}</p>
              <div class="buttons">
                <button class="button primary" onClick={() => void start()}>
                  {t("me.factor_start")}
                </button>
              </div>
            </div>
          )
        }
      </Show>
    </section>
  );
}

function SetUp({ factor, onDone }: { factor: Factor; onDone: (codes: readonly string[]) => void }) {
  return (
    <div class="panel set-up">
      <QrCode rows={factor.qr} />
      <div class="fold-body">
        <p>{t("me.scan")}</p>
        <p class="quiet-text">{t("me.by_hand")}</p>
        <code class="secret">{factor.secret.replace(/(.{4})(?=.)/g, "$1 ")}</code>
        <CodeForm
          button={t("me.factor_on")}
          send={async (code) => onDone(await api.confirmFactor(code))}
        />
      </div>
    </div>
  );
}

/** Dark on white in either theme, with the margin that cameras need. */
function QrCode({ rows }: { rows: readonly string[] }) {
  const margin = 4;
  const side = rows.length + 2 * margin;
  const path = rows.flatMap((row, y) =>
    [...row].flatMap((module, x) => (module === "1" ? [`M${x + margin} ${y + margin}h1v1h-1z`] : [])),
  );
  return (
    <svg class="qr" viewBox={`0 0 ${side} ${side}`} role="img" aria-label={t("me.qr")} shape-rendering="crispEdges">
      <rect class="qr-paper" width={side} height={side} />
      <path class="qr-ink" d={path.join("")} />
    </svg>
  );
}

function CodeForm({ button, send }: { button: string; send: (code: string) => Promise<void> }) {
  const [code, setCode] = useState("");
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await send(code.trim());
    } catch (reason) {
      // The session holds; it is the code that is wrong.
      setError(reason instanceof Problem && reason.status === 401 ? t("me.wrong_code") : explain(reason));
    } finally {
      setBusy(false);
    }
  };
  return (
    <form class="one-line" onSubmit={(event) => void submit(event)}>
      <label>
        {t("me.code")}
        <input value={code} required maxLength={40} inputMode="numeric" autocomplete="one-time-code" spellcheck={false} onInput={(event) => setCode(event.currentTarget.value)} />
      </label>
      <button class="button primary" disabled={busy}>
        {button}
      </button>
      <p class="form-error" role="alert">
        {error}
      </p>
    </form>
  );
}

function RecoveryCodes({ codes, onSeen }: { codes: readonly string[]; onSeen: () => void }) {
  return (
    <div class="panel" role="status">
      <p class="warning">{t("me.recovery")}</p>
      <ul class="secret recovery">
        {codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ul>
      <div class="buttons">
        <button class="button small" onClick={() => print()}>
          {t("statistics.print")}
        </button>
        <button class="button small" onClick={onSeen}>
          {t("me.recovery_kept")}
        </button>
      </div>
    </div>
  );
}

function TurnOff({ since, onOff }: { since: string; onOff: () => void }) {
  return (
    <div class="panel">
      <p>{t("me.factor_since", { at: dayTime(since) })}</p>
      <details class="fold">
        <summary class="button small">{t("me.factor_off")}</summary>
        <CodeForm
          button={t("me.factor_off_now")}
          send={async (code) => {
            await api.stopFactor(code);
            tell(t("me.factor_is_off"));
            onOff();
          }}
        />
      </details>
    </div>
  );
}

function Sessions() {
  const found = useLoad(api.sessions, "sessions");
  const end = (session: OpenSession) =>
    attempt(async () => {
      await api.endSession(session.id);
      tell(t("me.session_ended"));
      found.reload();
    });
  return (
    <section>
      <h2>{t("me.sessions")}</h2>
      <p class="quiet-text">{t("me.sessions_about")}</p>
      <Show of={found}>
        {(sessions) => (
          <Table
            caption={t("me.sessions")}
            rows={sessions}
            keyOf={(session) => session.id}
            columns={[
              { name: t("me.where"), cell: (session) => session.address || "–" },
              { name: t("me.with"), cell: (session) => <span class="quiet-text">{deviceName(session.agent)}</span> },
              { name: t("me.for"), cell: (session) => <Age since={session.began_at} /> },
              {
                name: t("account.do"),
                cell: (session) =>
                  session.current ? (
                    <span class="pill">{t("me.this_one")}</span>
                  ) : (
                    <button class="button small" aria-label={t("me.end_of", { where: session.address })} onClick={() => void end(session)}>
                      {t("me.end")}
                    </button>
                  ),
              },
            ]}
          />
        )}
      </Show>
    </section>
  );
}
