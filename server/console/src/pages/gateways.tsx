/** The boxes beside the cameras: what they run, what waits on them, whether anything was lost, and what they are asked. */

import { useEffect, useState } from "preact/hooks";
import * as admin from "../api/admin";
import type { ModelPackage, Offer } from "../api/admin";
import * as api from "../api/endpoints";
import type { Camera, Command } from "../api/models";
import { AdminShell } from "../components/admin-shell";
import { Empty } from "../components/empty";
import { GatewayPanel, ofGateway } from "../components/gateway-panel";
import { Show, useLoad } from "../components/load";
import { Table } from "../components/table";
import { follow } from "../live/live";
import { attempt, tell, trouble } from "../live/notices";
import { administers, leads } from "../live/powers";
import { dayTime } from "../text/format";
import { t, word } from "../text/i18n";

/** A box's name, as topics can carry it. */
const NAME = "[a-z0-9][a-z0-9_\\-]{0,62}";

interface Estate {
  cameras: Camera[];
  commands: Command[];
  models: ModelPackage[];
}

async function estate(): Promise<Estate> {
  const [cameras, commands, models] = await Promise.all([api.cameras(), api.commands(), leads() ? admin.models() : []]);
  return { cameras, commands, models };
}

export default function GatewaysPage() {
  const [adding, setAdding] = useState(false);
  const button = administers() ? (
    <button class="button small" aria-expanded={adding} onClick={() => setAdding(!adding)}>
      {t("gateway.add")}
    </button>
  ) : null;
  return (
    <AdminShell title={t("admin_page.gateways")} beside={button}>
      <Gateways adding={adding} />
    </AdminShell>
  );
}

function Gateways({ adding }: { adding: boolean }) {
  const gateways = useLoad(api.gateways, "gateways");
  const beside = useLoad(estate, "estate");
  useEffect(() => {
    const again = () => {
      gateways.reload();
      beside.reload();
    };
    return follow((message) => {
      if (message.kind === "gateway" || message.kind === "camera") again();
    }, again);
  }, []);
  return (
    <>
      {adding ? <Invite name="" /> : null}
      <Show of={gateways}>
        {(found) =>
          found.length === 0 ? (
            <Empty title={t("system.no_gateways")}>{t(administers() ? "gateway.none_next" : "system.no_gateways_next")}</Empty>
          ) : (
            found.map((gateway) => (
              <GatewayPanel
                key={gateway.id}
                gateway={gateway}
                cameras={(beside.value?.cameras ?? []).filter((camera) => camera.gateway === gateway.id)}
                models={beside.value?.models ?? []}
                onAsked={beside.reload}
              >
                <Invite name={gateway.id} />
              </GatewayPanel>
            ))
          )
        }
      </Show>
      <section>
        <h2>{t("system.commands")}</h2>
        <Show of={beside}>{({ commands }) => <Commands commands={commands} />}</Show>
      </section>
    </>
  );
}

/** Have a code made for a box; with a name, for one that is known already. */
function Invite({ name }: { name: string }) {
  const [typed, setTyped] = useState(name);
  const [offer, setOffer] = useState<Offer | null>(null);
  const submit = (event: Event) => {
    event.preventDefault();
    void attempt(async () => setOffer(await admin.offerEnrolment(typed)));
  };
  if (offer !== null) return <Offered offer={offer} />;
  return (
    <form class={name === "" ? "panel" : "fold-body"} onSubmit={submit}>
      {name === "" ? <p>{t("gateway.add_how")}</p> : <p>{t("gateway.anew_how")}</p>}
      <div class="one-line">
        {name === "" ? (
          <label>
            {t("gateway.name")}
            <input value={typed} required pattern={NAME} title={t("gateway.name_rule")} placeholder="gw-east" onInput={(event) => setTyped(event.currentTarget.value)} />
          </label>
        ) : null}
        <button
          class={name === "" ? "button primary" : "button small"}
          aria-label={name === "" ? undefined : ofGateway(t("gateway.make_code"), name)}
        >
          {t("gateway.make_code")}
        </button>
      </div>
      {name === "" ? <p class="quiet-text">{t("gateway.name_rule")}</p> : null}
    </form>
  );
}

function Offered({ offer }: { offer: Offer }) {
  const line = `lookout-edge enrol ${offer.url} ${offer.code}`;
  const copy = () => navigator.clipboard.writeText(line).then(
    () => tell(t("gateway.copied")),
    () => trouble(t("gateway.not_copied")),
  );
  return (
    <div class="panel" role="status">
      <p>{t("gateway.run_this", { name: offer.gateway })}</p>
      <pre class="secret">{line}</pre>
      <div class="buttons">
        {navigator.clipboard === undefined ? null : (
          <button class="button small" aria-label={ofGateway(t("gateway.copy"), offer.gateway)} onClick={() => void copy()}>
            {t("gateway.copy")}
          </button>
        )}
      </div>
      <p class="quiet-text">{t("gateway.once", { at: dayTime(offer.expires_at) })}</p>
    </div>
  );
}

function Commands({ commands }: { commands: readonly Command[] }) {
  if (commands.length === 0) return <Empty title={t("system.no_commands")}>{t("system.no_commands_next")}</Empty>;
  return (
    <Table
      caption={t("system.commands")}
      rows={commands}
      keyOf={(command) => command.id}
      most={8}
      columns={[
        { name: t("gateway.command"), cell: (command) => word("command", command.name) },
        { name: t("gateway.to"), cell: (command) => command.gateway },
        { name: t("gateway.asked_at"), cell: (command) => dayTime(command.issued_at) },
        {
          name: t("gateway.outcome"),
          cell: (command) => (
            <>
              {command.outcome === null ? t(`command_state.${command.state}`) : word("command_outcome", command.outcome)}
              {command.detail === null ? null : <div class="quiet-text">{command.detail}</div>}
            </>
          ),
        },
      ]}
    />
  );
}
