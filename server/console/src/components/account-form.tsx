import { useState } from "preact/hooks";
import * as api from "../api/accounts";
import type { Account } from "../api/accounts";
import type { Role } from "../api/models";
import type { Territory } from "../api/statistics";
import { attempt, tell } from "../live/notices";
import { t, word } from "../text/i18n";
import { placeNames } from "../text/places";
import { useSift } from "./sift";

export const ROLES = [
  "operator",
  "supervisor",
  "admin",
  "worker",
  "household_head",
  "department",
  "auditor",
  "care",
] as const satisfies readonly Role[];

/** As the dispatcher wants them. */
const USERNAME = "[a-z0-9][a-z0-9._\\-]{0,62}";
const LEAST_PASSWORD = 12;
/** Letters and digits that nobody takes for one another. */
const SIGNS = "abcdefghjkmnpqrstuvwxyz23456789";
const MADE_LENGTH = 16;

interface Props {
  /** Null: a new one. */
  account: Account | null;
  places: readonly Territory[];
  onDone: () => void;
}

/** Who somebody is, what they may do, and where. */
export function AccountForm({ account, places, onDone }: Props) {
  const [username, setUsername] = useState("");
  const [name, setName] = useState(account?.name ?? "");
  const [roles, setRoles] = useState<readonly Role[]>(account?.roles ?? []);
  const [grids, setGrids] = useState<readonly string[]>(account?.grids ?? []);
  const [password, setPassword] = useState("");
  const [busy, setBusy] = useState(false);
  // "Cleared for care" goes with another role.
  const ready = roles.some((role) => role !== "care");
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    const change = { name: name.trim(), roles: [...roles], grids: [...grids], ...(password === "" ? {} : { password }) };
    const saved = await attempt(async () => {
      await (account === null ? api.addAccount({ ...change, username }) : api.changeAccount(account.id, change));
      tell(t("account.saved", { name: change.name }));
    });
    setBusy(false);
    if (saved) onDone();
  };
  return (
    <form class="panel" aria-label={t(account === null ? "account.add" : "account.change")} onSubmit={(event) => void submit(event)}>
      <h2>{account === null ? t("account.add") : t("account.change_of", { name: account.name, username: account.username })}</h2>
      <div class="form-columns">
        {account === null ? (
          <label>
            {t("login.username")}
            <input value={username} required pattern={USERNAME} title={t("account.username_rule")} autocapitalize="none" autocomplete="off" onInput={(event) => setUsername(event.currentTarget.value)} />
            <span class="quiet-text">{t("account.username_rule")}</span>
          </label>
        ) : null}
        <label>
          {t("account.name")}
          <input value={name} required maxLength={100} autocomplete="off" onInput={(event) => setName(event.currentTarget.value)} />
        </label>
        <Password value={password} fresh={account === null} onChange={setPassword} />
      </div>
      <Choices legend={t("account.roles")} names={ROLES.map((role) => [role, word("role", role)])} chosen={roles} onChange={(next) => setRoles(next as Role[])} />
      <Choices
        legend={t("account.places")}
        names={[...placeNames(places)]}
        chosen={grids}
        onChange={setGrids}
      />
      <p class="quiet-text">{t("account.places_how")}</p>
      <div class="buttons">
        <button class="button primary" disabled={busy || !ready}>
          {t("account.save")}
        </button>
        <button type="button" class="button" onClick={onDone}>
          {t("account.cancel")}
        </button>
        {ready ? null : <span class="quiet-text">{t("account.needs_role")}</span>}
      </div>
    </form>
  );
}

function Password({ value, fresh, onChange }: { value: string; fresh: boolean; onChange: (password: string) => void }) {
  return (
    <div class="with-button">
      <label>
        {t(fresh ? "account.first_password" : "account.new_password")}
        <input value={value} minLength={LEAST_PASSWORD} autocapitalize="none" autocomplete="new-password" spellcheck={false} onInput={(event) => onChange(event.currentTarget.value)} />
        <span class="quiet-text">{t(fresh ? "account.first_password_how" : "account.new_password_how", { n: LEAST_PASSWORD })}</span>
      </label>
      <button type="button" class="button small" onClick={() => onChange(made())}>
        {t("account.make_password")}
      </button>
    </div>
  );
}

/** Random, for handing over once. */
function made(): string {
  const most = 256 - (256 % SIGNS.length);
  const found: string[] = [];
  while (found.length < MADE_LENGTH) {
    for (const byte of crypto.getRandomValues(new Uint8Array(MADE_LENGTH))) {
      if (byte < most && found.length < MADE_LENGTH) found.push(SIGNS[byte % SIGNS.length] as string);
    }
  }
  return found.join("").replace(/(.{4})(?=.)/g, "$1-");
}

interface ChoicesProps {
  legend: string;
  names: readonly (readonly [string, string])[];
  chosen: readonly string[];
  onChange: (chosen: string[]) => void;
}

function Choices({ legend, names, chosen, onChange }: ChoicesProps) {
  const { shown, field } = useSift(names, ([, name]) => name, ([id]) => chosen.includes(id));
  return (
    <fieldset class="ticks">
      <legend>{legend}</legend>
      {field}
      {shown.map(([id, name]) => (
        <label key={id}>
          <input
            type="checkbox"
            checked={chosen.includes(id)}
            onChange={(event) => onChange(event.currentTarget.checked ? [...chosen, id] : chosen.filter((each) => each !== id))}
          />
          {name}
        </label>
      ))}
    </fieldset>
  );
}
