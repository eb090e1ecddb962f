import { useState } from "preact/hooks";
import { plans } from "../api/plans";
import { coneOf } from "../live/plan";
import { t } from "../text/i18n";
import { useLoad } from "./load";
import { useReload } from "./reload";
import "../styles/plan.css";

const WIDTH = 1000;

/** The plan on which a camera stands, with what it sees; nothing when it stands on none. */
export function CameraOnPlan({ gateway, camera, name }: { gateway: string; camera: string; name: string }) {
  const found = useLoad(plans, "plans");
  useReload(found.reload, ["camera"]);
  const [aspect, setAspect] = useState<number | null>(null);
  const plan = found.value?.find((each) => each.cameras.some((one) => one.gateway === gateway && one.camera === camera));
  const placed = plan?.cameras.find((one) => one.gateway === gateway && one.camera === camera);
  if (plan === undefined || placed === undefined) return null;
  const height = WIDTH * (aspect ?? 0);
  return (
    <a class="on-plan" href={`/map/${plan.id}`} aria-label={t("map.stands", { camera: name, plan: plan.name })}>
      <img src={plan.url} alt="" onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) => setAspect(naturalHeight / naturalWidth)} />
      {aspect === null ? null : (
        <svg viewBox={`0 0 ${WIDTH} ${height}`} aria-hidden="true">
          <polygon class="cone cone-chosen" points={coneOf(placed, WIDTH, height).map((point) => point.join(",")).join(" ")} />
          <circle class="plan-dot" cx={placed.x * WIDTH} cy={placed.y * height} r="18" />
        </svg>
      )}
      <span class="quiet-text">
        {plan.place.name} · {plan.name}
      </span>
    </a>
  );
}
