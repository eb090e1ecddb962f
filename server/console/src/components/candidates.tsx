import { useLayoutEffect, useState } from "preact/hooks";
import * as api from "../api/endpoints";
import type { Candidate, Case } from "../api/models";
import { bindKeys } from "../live/keys";
import { dispatch } from "../live/moves";
import { trouble } from "../live/notices";
import { language, t } from "../text/i18n";
import { isSentAgain, moveName } from "../text/move";
import { Empty } from "./empty";
import { Show, useLoad } from "./load";

/** Who could go, best first, with the reasons for and against. */
export function Candidates({ item, onDone }: { item: Case; onDone: (after: Case) => void }) {
  const people = useLoad(() => api.candidates(item.id), `${item.id} ${item.version}`);
  const [busy, setBusy] = useState(false);
  const fit = people.value?.filter((person) => person.fit) ?? [];
  const unfit = people.value?.filter((person) => !person.fit) ?? [];
  const send = (candidate: Candidate | undefined) => {
    if (candidate === undefined || busy) return;
    setBusy(true);
    void dispatch(item, candidate)
      .then((after) => (after === null ? people.reload() : onDone(after)))
      .finally(() => setBusy(false));
  };
  const sendFirst = () => {
    if (people.value === null) trouble(t("dispatch.not_loaded"));
    else if (fit.length === 0) trouble(`${t("dispatch.nobody")}${t("dispatch.nobody_next")}`);
    else send(fit[0]);
  };
  useLayoutEffect(() => bindKeys({ d: sendFirst }));
  const title = t(isSentAgain(item) ? "dispatch.title_again" : "dispatch.title");
  const verb = moveName("dispatch", item);
  return (
    <section class="candidates" aria-label={title}>
      <h3>{title}</h3>
      <Show of={people}>
        {() => (
          <>
            {fit.length === 0 ? <Empty title={t("dispatch.nobody")}>{t("dispatch.nobody_next")}</Empty> : null}
            <ol>
              {fit.map((person, index) => (
                <Person key={person.user.id} person={person} verb={verb} first={index === 0} busy={busy} onSend={() => send(person)} />
              ))}
            </ol>
            <WhyNot people={unfit} verb={verb} open={fit.length === 0} busy={busy} onSend={send} />
          </>
        )}
      </Show>
    </section>
  );
}

interface PersonProps {
  person: Candidate;
  /** What sending them is called. */
  verb: string;
  first: boolean;
  busy: boolean;
  onSend: () => void;
}

function Person({ person, verb, first, busy, onSend }: PersonProps) {
  return (
    <li class="candidate">
      <div>
        <strong>{person.user.name}</strong>
        <p class="quiet-text">{reasons(person.reasons)}</p>
      </div>
      <button class={first ? "button primary" : "button"} disabled={busy} onClick={onSend}>
        {verb} {first ? <kbd>D</kbd> : null}
      </button>
    </li>
  );
}

interface WhyNotProps {
  people: readonly Candidate[];
  verb: string;
  open: boolean;
  busy: boolean;
  onSend: (person: Candidate) => void;
}

/** Who does not fit, and why; the operator may know better. */
function WhyNot({ people, verb, open, busy, onSend }: WhyNotProps) {
  if (people.length === 0) return null;
  return (
    <details open={open}>
      <summary>{t("dispatch.why_not", { n: people.length })}</summary>
      <ul>
        {people.map((person) => (
          <li key={person.user.id} class="candidate">
            <div>
              {person.user.name}
              <p class="quiet-text">{reasons(person.why_not)}</p>
            </div>
            <button class="button small" disabled={busy} onClick={() => onSend(person)}>
              {verb}
            </button>
          </li>
        ))}
      </ul>
    </details>
  );
}

function reasons(list: Candidate["reasons"]): string {
  return list.map((reason) => (language.value === "en" ? reason.text_en : reason.text_zh)).join(" · ");
}
