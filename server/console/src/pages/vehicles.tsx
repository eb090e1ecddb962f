/** Which vehicles belong here or may pass for a while, and which gateways know. */

import { useEffect, useState } from "preact/hooks";
import * as endpoints from "../api/endpoints";
import type { Camera } from "../api/models";
import * as api from "../api/vehicles";
import type { Vehicle, VehiclePage } from "../api/vehicles";
import { AdminShell } from "../components/admin-shell";
import { Empty } from "../components/empty";
import { ListHolders } from "../components/list-holders";
import { Failed, Show, useLoad, type Loaded } from "../components/load";
import { More } from "../components/more";
import { Table } from "../components/table";
import { VehicleForm } from "../components/vehicle-form";
import { VehicleImport } from "../components/vehicle-import";
import { now } from "../live/clock";
import { attempt, tell } from "../live/notices";
import { leadsSite } from "../live/powers";
import { dayTime } from "../text/format";
import { t } from "../text/i18n";
import { plateText, standingOf, usedText, validText } from "../text/plate";
import "../styles/estate.css";
import "../styles/statistics.css";
import "../styles/vehicles.css";

/** Whoever types is not asked for every letter. */
const TYPED_MS = 300;

interface Beside {
  cameras: Camera[];
  names: ReadonlyMap<string, string>;
}

async function beside(): Promise<Beside> {
  const [cameras, people] = await Promise.all([endpoints.cameras(), endpoints.people()]);
  return { cameras, names: new Map(people.map((person) => [person.id, person.name])) };
}

type Open = "add" | "import" | null;

export default function VehiclesPage() {
  const [open, setOpen] = useState<Open>(null);
  const toggle = (what: Open) => setOpen((held) => (held === what ? null : what));
  const buttons = leadsSite() ? (
    <div class="buttons">
      <button class="button small primary" aria-expanded={open === "add"} onClick={() => toggle("add")}>
        {t("vehicle.add")}
      </button>
      <button class="button small" aria-expanded={open === "import"} onClick={() => toggle("import")}>
        {t("vehicle.import")}
      </button>
      <a class="button small" href={api.EXPORT_ADDRESS} download>
        {t("vehicle.export")}
      </a>
    </div>
  ) : null;
  return (
    <AdminShell title={t("admin_page.vehicles")} beside={buttons}>
      {leadsSite() ? <Vehicles open={open} onOpen={setOpen} /> : <Empty title={t("vehicle.not_yours")}>{t("vehicle.not_yours_next")}</Empty>}
    </AdminShell>
  );
}

function Vehicles({ open, onOpen }: { open: Open; onOpen: (what: Open) => void }) {
  const [typed, setTyped] = useState("");
  const [q, setQ] = useState("");
  const [over, setOver] = useState(false);
  const [turn, setTurn] = useState(0);
  const known = useLoad(beside, "beside");
  const found = useLoad(() => api.vehicles(q, over), `${q} ${over}`);
  useEffect(() => {
    const timer = window.setTimeout(() => setQ(typed.trim()), TYPED_MS);
    return () => window.clearTimeout(timer);
  }, [typed]);
  const changed = () => {
    found.reload();
    setTurn((count) => count + 1);
  };
  const asked = q !== "" || over;
  return (
    <>
      <p class="quiet-text">{t("vehicle.about")}</p>
      {open === "add" ? <VehicleForm cameras={known.value?.cameras ?? []} onDone={changed} onClose={() => onOpen(null)} /> : null}
      {open === "import" ? <VehicleImport onDone={changed} onClose={() => onOpen(null)} /> : null}
      <ListHolders turn={turn} />
      <section aria-label={t("admin_page.vehicles")}>
        <form class="filter" role="search" onSubmit={(event) => event.preventDefault()}>
          <label>
            {t("vehicle.search")}
            <input type="search" value={typed} maxLength={100} placeholder={t("vehicle.search_hint")} onInput={(event) => setTyped(event.currentTarget.value)} />
          </label>
          <button type="button" class="button small" aria-pressed={over} onClick={() => setOver(!over)}>
            {t("vehicle.only_over")}
          </button>
          <span class="quiet-text vehicle-count" role="status">
            {found.value === null ? "" : t(asked ? "vehicle.found" : "vehicle.count", { n: found.value.total })}
          </span>
        </form>
        <Failed of={known} />
        <Show of={found}>
          {(page) =>
            page.items.length > 0 ? (
              <>
                <VehicleTable page={page} known={known} onChanged={changed} />
                <More of={found} next={(cursor) => api.vehicles(q, over, cursor)} />
              </>
            ) : asked ? (
              <Empty title={t("vehicle.none_found")}>{t("vehicle.none_found_next")}</Empty>
            ) : (
              <Empty title={t("vehicle.none")}>{t("vehicle.none_next")}</Empty>
            )
          }
        </Show>
      </section>
    </>
  );
}

function VehicleTable({ page, known, onChanged }: { page: VehiclePage; known: Loaded<Beside>; onChanged: () => void }) {
  const [changing, setChanging] = useState<string | null>(null);
  const cameras = known.value?.cameras ?? [];
  const remove = (vehicle: Vehicle) =>
    attempt(async () => {
      await api.removeVehicle(vehicle.id);
      onChanged();
      tell(t("vehicle.removed", { plate: plateText(vehicle.plate) }), async () => {
        await api.putVehicle(vehicle.id, api.saidOf(vehicle));
        onChanged();
        tell(t("vehicle.back", { plate: plateText(vehicle.plate) }));
      });
    });
  const edited = page.items.find((vehicle) => vehicle.id === changing);
  return (
    <>
      {edited === undefined ? null : <VehicleForm key={edited.id} vehicle={edited} cameras={cameras} onDone={onChanged} onClose={() => setChanging(null)} />}
      <Table
        caption={t("admin_page.vehicles")}
        rows={page.items}
        keyOf={(vehicle) => vehicle.id}
        columns={[
          { name: t("vehicle.plate"), cell: (vehicle) => <span class="plate">{plateText(vehicle.plate)}</span> },
          { name: t("vehicle.note"), cell: (vehicle) => (vehicle.note === "" ? "–" : vehicle.note) },
          { name: t("vehicle.valid"), cell: (vehicle) => <Valid vehicle={vehicle} /> },
          { name: t("vehicle.where"), cell: (vehicle) => <Where vehicle={vehicle} cameras={cameras} /> },
          {
            name: t("vehicle.registered"),
            cell: (vehicle) => (
              <div>
                {vehicle.registered_by === null ? t("vehicle.by_machine") : (known.value?.names.get(vehicle.registered_by) ?? vehicle.registered_by)}
                <div class="quiet-text">{dayTime(vehicle.registered_at)}</div>
              </div>
            ),
          },
          {
            name: t("account.do"),
            cell: (vehicle) => (
              <div class="buttons">
                <button
                  class="button small"
                  aria-label={t("vehicle.change_of", { plate: plateText(vehicle.plate) })}
                  aria-expanded={changing === vehicle.id}
                  onClick={() => setChanging(changing === vehicle.id ? null : vehicle.id)}
                >
                  {t("vehicle.change")}
                </button>
                <button class="button small" aria-label={t("vehicle.remove_of", { plate: plateText(vehicle.plate) })} onClick={() => void remove(vehicle)}>
                  {t("vehicle.remove")}
                </button>
              </div>
            ),
          },
        ]}
      />
    </>
  );
}

function Valid({ vehicle }: { vehicle: Vehicle }) {
  const standing = standingOf(vehicle, now.value);
  return (
    <div>
      <span class={standing === "over" ? "pill off" : "pill"}>{t(`vehicle_standing.${standing}`)}</span>
      {standing === "resident" ? null : <div class="quiet-text">{validText(vehicle)}</div>}
      {usedText(vehicle).map((line) => (
        <div key={line} class="quiet-text">
          {line}
        </div>
      ))}
    </div>
  );
}

function Where({ vehicle, cameras }: { vehicle: Vehicle; cameras: readonly Camera[] }) {
  if (vehicle.cameras.length === 0) return <>{t("vehicle.everywhere")}</>;
  return <>{vehicle.cameras.map((id) => cameras.find((camera) => camera.id === id)?.name ?? id).join(" · ")}</>;
}
