import { useState } from "preact/hooks";
import type { Named } from "../api/models";
import { type Placed, type Plan, plans } from "../api/plans";
import { coneOf } from "../live/plan";
import { leads } from "../live/powers";
import type { Row } from "../live/rows";
import { t } from "../text/i18n";
import { useLoad } from "./load";
import { useReload } from "./reload";
import "../styles/plan.css";

const WIDTH = 1000;

/** Where something is: by whose eyes it was seen, and in which grid. */
interface Place {
  gateway: string | null;
  camera: Named | null;
  grid: Named | null;
}

function placeOf(row: Row): Place {
  const { alarm, case: item } = row;
  if (alarm !== null) return { gateway: alarm.gateway, camera: alarm.camera, grid: alarm.grid };
  return { gateway: null, camera: item?.camera ?? null, grid: item?.grid ?? null };
}

/**
 * The plan on which a row's camera stands, with what it sees; else the plan of its grid; else what to do about there
 * being none.
 */
export function PlaceOnPlan({ row }: { row: Row }) {
  const found = useLoad(plans, "plans");
  useReload(found.reload, ["camera"]);
  const place = placeOf(row);
  if (found.value === null || (place.camera === null && place.grid === null)) return null;
  const isIt = (one: Placed) => one.gateway === place.gateway && one.camera === place.camera?.id;
  const standing = found.value.find((plan) => plan.cameras.some(isIt));
  const plan = standing ?? found.value.find((each) => each.place.id === place.grid?.id);
  if (plan === undefined) return <NoPlan />;
  return <OnePlan key={plan.id} plan={plan} chosen={plan.cameras.find(isIt)} camera={place.camera} />;
}

function NoPlan() {
  return (
    <p class="quiet-text">
      {t("map.no_plan")} {leads() ? <a href="/map">{t("map.add")}</a> : null}
    </p>
  );
}

interface OnePlanProps {
  plan: Plan;
  chosen: Placed | undefined;
  camera: Named | null;
}

function OnePlan({ plan, chosen, camera }: OnePlanProps) {
  const [aspect, setAspect] = useState<number | null>(null);
  const height = WIDTH * (aspect ?? 0);
  const says = camera !== null && chosen !== undefined ? t("map.stands", { camera: camera.name, plan: plan.name }) : t("map.plan_of", { plan: plan.name });
  return (
    <a class="on-plan" href={`/map/${plan.id}`} aria-label={says}>
      <img src={plan.url} alt="" onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) => setAspect(naturalHeight / naturalWidth)} />
      {aspect === null ? null : (
        <svg viewBox={`0 0 ${WIDTH} ${height}`} aria-hidden="true">
          {[...plan.cameras.filter((each) => each !== chosen), ...(chosen === undefined ? [] : [chosen])].map((each) => (
            <Standing key={`${each.gateway}/${each.camera}`} placed={each} height={height} chosen={each === chosen} />
          ))}
        </svg>
      )}
      <span class="quiet-text">
        {[plan.place.name, plan.name, camera !== null && chosen === undefined ? t("map.not_on_it", { camera: camera.name }) : null].filter(Boolean).join(" · ")}
      </span>
    </a>
  );
}

function Standing({ placed, height, chosen }: { placed: Placed; height: number; chosen: boolean }) {
  const corners = coneOf(placed, WIDTH, height);
  return (
    <>
      {chosen ? <polygon class="cone cone-chosen" points={corners.map((point) => point.join(",")).join(" ")} /> : null}
      <circle class="plan-dot" cx={placed.x * WIDTH} cy={placed.y * height} r={chosen ? 18 : 10} />
    </>
  );
}
