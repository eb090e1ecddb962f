import { useState } from "preact/hooks";
import type { Named } from "../api/models";
import { addPlan } from "../api/plans";
import { attempt } from "../live/notices";
import { t } from "../text/i18n";

const MOST_BYTES = 16 * 1024 * 1024;

/** A picture of a place from above, its name, and what place it shows. */
export function PlanForm({ places, onAdded }: { places: readonly Named[]; onAdded: (id: string) => void }) {
  const [name, setName] = useState("");
  const [place, setPlace] = useState(places[0]?.id ?? "");
  const [file, setFile] = useState<File | null>(null);
  const [busy, setBusy] = useState(false);
  const large = file !== null && file.size > MOST_BYTES;
  const submit = async (event: Event) => {
    event.preventDefault();
    if (file === null || large) return;
    setBusy(true);
    await attempt(async () => onAdded((await addPlan(place, name.trim(), file)).id));
    setBusy(false);
  };
  return (
    <form class="panel plan-form" onSubmit={(event) => void submit(event)}>
      <h2>{t("map.add")}</h2>
      <label>
        {t("map.picture")}
        <input type="file" accept="image/jpeg,image/png,image/webp" required onChange={(event) => setFile(event.currentTarget.files?.[0] ?? null)} />
      </label>
      <p class="quiet-text">{t("map.picture_note")}</p>
      {large ? (
        <p class="form-error" role="alert">
          {t("map.too_large")}
        </p>
      ) : null}
      <label>
        {t("map.name")}
        <input value={name} maxLength={100} required onInput={(event) => setName(event.currentTarget.value)} />
      </label>
      <label>
        {t("map.place")}
        <select value={place} onChange={(event) => setPlace(event.currentTarget.value)}>
          {places.map(({ id, name: shown }) => (
            <option key={id} value={id}>
              {shown}
            </option>
          ))}
        </select>
      </label>
      <button class="button primary" disabled={busy || large || file === null || name.trim() === ""}>
        {t(busy ? "map.adding" : "map.add_now")}
      </button>
    </form>
  );
}
