import { administers } from "../live/powers";
import { t } from "../text/i18n";
import { Empty } from "./empty";

/** Nothing is watched yet: it must not look like a quiet day, and whoever sets the place up is told what comes next. */
export function NoCameras() {
  if (!administers()) return <Empty title={t("no_cameras.title")}>{t("no_cameras.ask")}</Empty>;
  return (
    <div class="empty">
      <p class="empty-title">{t("no_cameras.title")}</p>
      <p>{t("no_cameras.steps")}</p>
      <ol class="first-steps">
        <li>
          <a href="/admin/gateways">{t("no_cameras.gateway")}</a>
        </li>
        <li>{t("no_cameras.camera")}</li>
        <li>
          <a href="/admin/estate">{t("no_cameras.estate")}</a>
        </li>
        <li>
          <a href="/admin/accounts">{t("no_cameras.people")}</a>
        </li>
      </ol>
    </div>
  );
}
