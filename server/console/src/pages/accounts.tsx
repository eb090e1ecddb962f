/** Who may sign in, as what, and where. */

import { useState } from "preact/hooks";
import * as api from "../api/accounts";
import type { Account, AccountQuery } from "../api/accounts";
import type { Role } from "../api/models";
import { territories } from "../api/statistics";
import { AccountForm, ROLES } from "../components/account-form";
import { AdminShell } from "../components/admin-shell";
import { Empty } from "../components/empty";
import { Failed, Show, useLoad } from "../components/load";
import { More } from "../components/more";
import { Table } from "../components/table";
import { attempt, tell } from "../live/notices";
import { user } from "../live/session";
import { t, word } from "../text/i18n";
import { placeNames } from "../text/places";

export default function AccountsPage() {
  const [shown, setShown] = useState<Account | "new" | null>(null);
  const button = (
    <button class="button small" aria-expanded={shown === "new"} onClick={() => setShown(shown === "new" ? null : "new")}>
      {t("account.add")}
    </button>
  );
  return (
    <AdminShell title={t("admin_page.accounts")} beside={button}>
      <Accounts shown={shown} onShow={setShown} />
    </AdminShell>
  );
}

function Accounts({ shown, onShow }: { shown: Account | "new" | null; onShow: (account: Account | null) => void }) {
  const [asked, setAsked] = useState<AccountQuery>({ barred: false });
  const found = useLoad(() => api.accounts(asked), JSON.stringify(asked));
  const places = useLoad(territories, "territories");
  const names = placeNames(places.value ?? []);
  const nameOf = (id: string) => names.get(id) ?? id;
  const ask = (next: AccountQuery) => {
    setAsked(next);
    found.reload();
  };
  const done = () => {
    onShow(null);
    found.reload();
  };
  return (
    <>
      <Failed of={places} />
      {shown === null ? null : (
        <AccountForm
          key={shown === "new" ? "new" : shown.id}
          account={shown === "new" ? null : shown}
          places={places.value ?? []}
          onDone={done}
        />
      )}
      <Filter asked={asked} onAsk={ask} />
      <Show of={found}>
        {(page) =>
          page.items.length === 0 ? (
            <Empty title={t("account.none")}>{t("account.none_next")}</Empty>
          ) : (
            <>
              <Table
                caption={t("admin_page.accounts")}
                rows={page.items}
                keyOf={(account) => account.id}
                columns={[
                  {
                    name: t("account.name"),
                    cell: (account) => (
                      <>
                        {account.name}
                        <div class="quiet-text">{account.username}</div>
                      </>
                    ),
                  },
                  { name: t("account.roles"), cell: (account) => account.roles.map((role) => word("role", role)).join(" · ") },
                  {
                    name: t("account.places"),
                    cell: (account) => account.grids.map(nameOf).join(" · ") || t("account.everywhere"),
                  },
                  { name: t("account.ways"), cell: (account) => waysIn(account) },
                  { name: t("account.do"), cell: (account) => <Moves account={account} onShow={onShow} onMoved={found.reload} /> },
                ]}
              />
              <More of={found} next={(cursor) => api.accounts(asked, cursor)} />
            </>
          )
        }
      </Show>
    </>
  );
}

function waysIn(account: Account): string {
  if (account.barred) return t("account.barred");
  const password = t(account.has_password ? "account.with_password" : "account.without_password");
  return account.second_factor ? `${password} · ${t("account.with_codes")}` : password;
}

interface MovesProps {
  account: Account;
  onShow: (account: Account) => void;
  onMoved: () => void;
}

function Moves({ account, onShow, onMoved }: MovesProps) {
  const { id, name } = account;
  const move = (what: "bar" | "let_in" | "reset_codes", usual: string, back?: "bar" | "let_in") =>
    attempt(async () => {
      const { cases_left: left = 0 } = await api.moveAccount(id, what);
      const said = left === 0 ? usual : t("account.was_barred_with", { name, n: left });
      const undo = async () => {
        await api.moveAccount(id, back as "bar" | "let_in");
        onMoved();
      };
      tell(said, back === undefined ? undefined : undo);
      onMoved();
    });
  const open = () => {
    onShow(account);
    scrollTo(0, 0);
  };
  return (
    <div class="buttons">
      <button class="button small" aria-label={t("account.change_of", { name, username: account.username })} onClick={open}>
        {t("account.change")}
      </button>
      {account.second_factor ? (
        <button class="button small" aria-label={t("account.reset_codes_of", { name })} onClick={() => void move("reset_codes", t("account.codes_reset", { name }))}>
          {t("account.reset_codes")}
        </button>
      ) : null}
      {id === user.value?.id ? null : account.barred ? (
        <button class="button small" aria-label={t("account.let_in_of", { name })} onClick={() => void move("let_in", t("account.was_let_in", { name }), "bar")}>
          {t("account.let_in")}
        </button>
      ) : (
        <button class="button small" aria-label={t("account.bar_of", { name })} onClick={() => void move("bar", t("account.was_barred", { name }), "let_in")}>
          {t("account.bar")}
        </button>
      )}
    </div>
  );
}

function Filter({ asked, onAsk }: { asked: AccountQuery; onAsk: (asked: AccountQuery) => void }) {
  const [text, setText] = useState("");
  const find = (event: Event) => {
    event.preventDefault();
    onAsk({ ...asked, q: text.trim() || undefined });
  };
  return (
    <form class="filter" role="search" onSubmit={find}>
      <label>
        {t("account.find")}
        <input type="search" value={text} maxLength={100} onInput={(event) => setText(event.currentTarget.value)} />
      </label>
      <label>
        {t("account.roles")}
        <select value={asked.role ?? ""} onChange={(event) => onAsk({ ...asked, role: (event.currentTarget.value || undefined) as Role | undefined })}>
          <option value="">{t("filter.any")}</option>
          {ROLES.map((role) => (
            <option key={role} value={role}>
              {word("role", role)}
            </option>
          ))}
        </select>
      </label>
      <div class="buttons" role="group" aria-label={t("account.ways")}>
        {[false, true].map((barred) => (
          <button key={String(barred)} type="button" class="button small" aria-pressed={asked.barred === barred} onClick={() => onAsk({ ...asked, barred })}>
            {t(barred ? "account.barred" : "account.let")}
          </button>
        ))}
      </div>
      <button class="button small">{t("audit.search")}</button>
    </form>
  );
}
