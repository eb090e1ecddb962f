import type { ComponentChildren } from "preact";
import { administers, audits, leadsSite, ofWholeSite } from "../live/powers";
import { inControl, user } from "../live/session";
import { path } from "../router";
import { t } from "../text/i18n";
import { Shell } from "./shell";
import "../styles/panel.css";
import "../styles/sheet.css";
import "../styles/admin.css";

const inRoom = () => user.value != null && inControl(user.value);

/** The pages behind the control room, and for whom each is. */
const PAGES = [
  { to: "/admin", name: "cameras", shown: inRoom },
  { to: "/admin/gateways", name: "gateways", shown: inRoom },
  { to: "/admin/quarantine", name: "quarantine", shown: ofWholeSite },
  { to: "/admin/silences", name: "silences", shown: inRoom },
  { to: "/admin/vehicles", name: "vehicles", shown: leadsSite },
  { to: "/admin/advice", name: "advice", shown: inRoom },
  { to: "/admin/webhooks", name: "webhooks", shown: ofWholeSite },
  { to: "/admin/roster", name: "roster", shown: inRoom },
  { to: "/admin/policy", name: "policy", shown: leadsSite },
  { to: "/admin/accounts", name: "accounts", shown: administers },
  { to: "/admin/estate", name: "estate", shown: administers },
  { to: "/admin/audit", name: "audit", shown: audits },
] as const;

/** Where the list is a row to push along, it shows the page that is open. */
function toThePage(list: HTMLUListElement | null): void {
  const here = list?.querySelector<HTMLElement>("[aria-current]");
  if (list && here) list.scrollLeft = here.offsetLeft - (list.clientWidth - here.offsetWidth) / 2;
}

/** One frame for all of them: a list beside the page, a row above it on a phone. */
export function AdminShell({ title, children, beside }: { title: string; children: ComponentChildren; beside?: ComponentChildren }) {
  return (
    <Shell wide>
      <div class="admin">
        <nav class="side-list" aria-label={t("admin.pages")}>
          <ul ref={toThePage}>
            {PAGES.filter((page) => page.shown()).map((page) => (
              <li key={page.to}>
                <a href={page.to} aria-current={path.value === page.to ? "page" : undefined}>
                  {t(`admin_page.${page.name}`)}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <div class="admin-body">
          <div class="page-head">
            <h1>{title}</h1>
            {beside}
          </div>
          {children}
        </div>
      </div>
    </Shell>
  );
}
