import * as api from "../api/endpoints";
import type { Case, Notice } from "../api/models";
import { dayTime } from "../text/format";
import { t, word } from "../text/i18n";
import { Show, useLoad } from "./load";

/** Who was told what, and how far it came on every channel. */
export function Told({ item }: { item: Case }) {
  const found = useLoad(() => api.caseNotices(item.id), `${item.id} ${item.updated_at}`);
  return (
    <Show of={found}>
      {(notices) =>
        notices.length === 0 ? (
          <p class="note">{t("case.nobody_told")}</p>
        ) : (
          <ul class="told">
            {notices.map((notice) => (
              <li key={notice.id}>
                <strong>{notice.person.name}</strong> · {word("notice_kind", notice.kind)} ·{" "}
                <time dateTime={notice.at}>{dayTime(notice.at)}</time>
                <p class="quiet-text">{notice.deliveries.map(one).join(" · ")}</p>
              </li>
            ))}
          </ul>
        )
      }
    </Show>
  );
}

function one(delivery: Notice["deliveries"][number]): string {
  // A phone's own name says nothing to people: webpush.3f6d0c1be2a9.
  const kind = delivery.channel.startsWith("webpush.") ? "webpush" : delivery.channel;
  const state = `${word("channel", kind)} ${t(`delivery_state.${delivery.state}`)}`;
  return delivery.error === null ? state : `${state} (${delivery.error})`;
}
