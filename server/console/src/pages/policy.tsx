/** What each step of a case may take, who is told when it takes longer, and what a change would have meant. */

import { useRef, useState } from "preact/hooks";
import { Problem } from "../api/client";
import * as endpoints from "../api/endpoints";
import type { Camera, Page } from "../api/models";
import * as api from "../api/policy";
import type { Policy, PolicyContent, Trial } from "../api/policy";
import { AdminShell } from "../components/admin-shell";
import { Empty } from "../components/empty";
import { useLeaveWarning } from "../components/leave-warning";
import { Show, useLoad } from "../components/load";
import { More } from "../components/more";
import { Table } from "../components/table";
import { attempt, tell, trouble } from "../live/notices";
import { leadsSite } from "../live/powers";
import { AsText } from "../policy/as-text";
import { changes, type Change } from "../policy/changes";
import { PolicyFields } from "../policy/form";
import { TrialResult } from "../policy/trial";
import { dayTime } from "../text/format";
import { t } from "../text/i18n";
import "../styles/statistics.css";
import "../styles/policy.css";

const DAYS = 90;

interface Held {
  policy: Policy;
  cameras: Camera[];
}

async function held(): Promise<Held> {
  const [policy, cameras] = await Promise.all([api.policy(), endpoints.cameras()]);
  return { policy, cameras };
}

/** The focus goes there as well: who uses the keyboard goes on from it. */
function goToChanges(): void {
  const heading = document.getElementById("policy-changes");
  heading?.scrollIntoView();
  heading?.focus({ preventScroll: true });
}

export default function PolicyPage() {
  return (
    <AdminShell title={t("admin_page.policy")}>
      {leadsSite() ? <Policies /> : <Empty title={t("policy.not_yours")}>{t("policy.not_yours_next")}</Empty>}
    </AdminShell>
  );
}

function Policies() {
  const found = useLoad(held, "policy");
  const past = useLoad(() => api.policies(), "policies");
  const [restored, setRestored] = useState<{ policy: Policy; turn: number } | null>(null);
  const again = () => {
    setRestored(null);
    found.reload();
    past.reload();
  };
  const show = (policy: Policy) => setRestored({ policy, turn: (restored?.turn ?? 0) + 1 });
  const restore = (policy: Policy) => {
    show(policy);
    scrollTo({ top: 0 });
  };
  // Somebody was faster: what was drawn up stands beside what is in force now, and can be tried against that.
  const overtaken = async (content: PolicyContent) => {
    const fresh = await held();
    found.set(fresh);
    past.reload();
    show({ ...fresh.policy, content });
    trouble(t("policy.overtaken", { n: fresh.policy.version, by: fresh.policy.by?.name ?? t("policy.by_machine") }));
  };
  return (
    <>
      <p class="quiet-text">{t("policy.about")}</p>
      <Show of={found}>
        {({ policy, cameras }) => (
          <Editor
            key={`${policy.version} ${restored?.turn ?? 0}`}
            policy={policy}
            cameras={cameras}
            restored={restored?.policy ?? null}
            onActivated={again}
            onOvertaken={overtaken}
          />
        )}
      </Show>
      <section aria-labelledby="policy-past">
        <h2 id="policy-past">{t("policy.past")}</h2>
        <Show of={past}>{(page) => <Versions page={page} onRestore={restore} />}</Show>
        <More of={past} next={(cursor) => api.policies(cursor)} />
      </section>
    </>
  );
}

function Versions({ page, onRestore }: { page: Page<Policy>; onRestore: (policy: Policy) => void }) {
  const [newest] = page.items;
  return (
    <Table
      caption={t("policy.past")}
      rows={page.items}
      keyOf={(each) => String(each.version)}
      columns={[
        { name: t("policy.version"), cell: (each) => versionName(each) },
        { name: t("policy.since"), cell: (each) => (each.at === null ? "–" : dayTime(each.at)) },
        { name: t("policy.by"), cell: (each) => each.by?.name ?? (each.at === null ? "–" : t("policy.by_machine")) },
        { name: t("policy.reason"), cell: (each) => each.reason || "–" },
        {
          name: t("account.do"),
          cell: (each) =>
            each.version === newest?.version ? (
              <span class="pill">{t("policy.in_force")}</span>
            ) : (
              <button class="button small" aria-label={t("policy.restore_of", { name: versionName(each) })} onClick={() => onRestore(each)}>
                {t("policy.restore")}
              </button>
            ),
        },
      ]}
    />
  );
}

const versionName = (policy: Policy) => (policy.version === 0 ? t("policy.configured") : t("policy.number", { n: policy.version }));

interface EditorProps {
  policy: Policy;
  cameras: readonly Camera[];
  /** An earlier one that somebody wants back. */
  restored: Policy | null;
  onActivated: () => void;
  onOvertaken: (content: PolicyContent) => Promise<void>;
}

function Editor({ policy, cameras, restored, onActivated, onOvertaken }: EditorProps) {
  const [content, setContent] = useState<PolicyContent>(restored?.content ?? policy.content);
  const [turn, setTurn] = useState(0);
  const differing = changes(policy.content, content);
  useLeaveWarning(differing.length > 0);
  const replace = (fresh: PolicyContent) => {
    setContent(fresh);
    setTurn(turn + 1);
  };
  return (
    <>
      <p>{policy.at === null ? t("policy.since_always") : t("policy.since_when", { n: policy.version, at: dayTime(policy.at), by: policy.by?.name ?? t("policy.by_machine"), reason: policy.reason })}</p>
      <div class="policy">
        <form class="policy-form" id="policy-form" aria-label={t("admin_page.policy")} onSubmit={(event) => event.preventDefault()}>
          {/* A number that is being typed lives in its field: another draft brings fields of its own. */}
          <PolicyFields key={turn} content={content} cameras={cameras} onChange={setContent} />
          {differing.length === 0 ? null : (
            <button type="button" class="button primary to-changes" onClick={goToChanges}>
              {t("policy.would_change", { n: differing.length })} ↓
            </button>
          )}
        </form>
        <Activate
          policy={policy}
          content={content}
          differing={differing}
          usualReason={restored === null || restored.version === policy.version ? "" : t("policy.back_to", { name: versionName(restored) })}
          onDrop={() => replace(policy.content)}
          onActivated={onActivated}
          onOvertaken={() => onOvertaken(content)}
        />
      </div>
      <AsText key={turn} content={content} onRead={replace} />
    </>
  );
}

interface ActivateProps {
  policy: Policy;
  content: PolicyContent;
  differing: readonly Change[];
  usualReason: string;
  onDrop: () => void;
  onActivated: () => void;
  onOvertaken: () => Promise<void>;
}

/** What would change, tried on the past before it can be put in force. */
function Activate({ policy, content, differing, usualReason, onDrop, onActivated, onOvertaken }: ActivateProps) {
  const [tried, setTried] = useState<{ of: PolicyContent; trial: Trial } | null>(null);
  const [reason, setReason] = useState(usualReason);
  const [busy, setBusy] = useState(false);
  const heading = useRef<HTMLHeadingElement>(null);
  const trial = tried?.of === content ? tried.trial : null;
  const run = async (action: () => Promise<void>) => {
    if (!(document.getElementById("policy-form") as HTMLFormElement | null)?.reportValidity()) return;
    setBusy(true);
    await attempt(action);
    setBusy(false);
  };
  const tryOut = () =>
    run(async () => {
      setTried({ of: content, trial: await api.tryOut(content, DAYS) });
      heading.current?.scrollIntoView({ block: "nearest" });
    });
  const activate = (event: Event) => {
    event.preventDefault();
    void run(async () => {
      const made = await api.activate(content, reason.trim(), policy.version).catch(async (error: unknown) => {
        if (!(error instanceof Problem && error.code === "stale_version")) throw error;
        await onOvertaken();
        return null;
      });
      if (made === null) return;
      tell(t("policy.activated", { n: made.version }), async () => {
        const back = await api.activate(policy.content, t("policy.undone", { n: made.version }), made.version);
        tell(t("policy.taken_back", { n: made.version, now: back.version }));
        onActivated();
      });
      onActivated();
    });
  };
  return (
    <aside class="panel what-changes" aria-labelledby="policy-changes">
      <h2 id="policy-changes" ref={heading} tabIndex={-1}>
        {t("policy.would_change", { n: differing.length })}
      </h2>
      {differing.length === 0 ? (
        <p class="quiet-text">{t("policy.no_change")}</p>
      ) : (
        <>
          <dl class="changes">
            {differing.map((change) => (
              <div key={change.where}>
                <dt>{change.where}</dt>
                <dd>
                  <del>{change.before}</del> → <ins>{change.after}</ins>
                </dd>
              </div>
            ))}
          </dl>
          <p class="quiet-text">{t("policy.running_go_on")}</p>
          <div class="buttons">
            <button type="button" class={trial === null ? "button primary" : "button"} disabled={busy} onClick={() => void tryOut()}>
              {t("policy.try", { n: DAYS })}
            </button>
            <button type="button" class="button quiet" disabled={busy} onClick={onDrop}>
              {t("policy.drop")}
            </button>
          </div>
          {trial === null ? null : (
            <>
              <TrialResult trial={trial} />
              <form class="stack" onSubmit={activate}>
                <label>
                  {t("policy.why")}
                  <input required maxLength={500} value={reason} onInput={(event) => setReason(event.currentTarget.value)} />
                </label>
                <div class="buttons">
                  <button class="button primary" disabled={busy || reason.trim() === ""}>
                    {t("policy.activate")}
                  </button>
                </div>
              </form>
            </>
          )}
        </>
      )}
    </aside>
  );
}
