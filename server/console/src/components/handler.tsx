import type { Case } from "../api/models";
import { t } from "../text/i18n";

type Handled = Pick<Case, "handler" | "handler_gone">;

/** Beside the name of who has a case: their account is disabled, so nobody goes. */
export function Gone({ item }: { item: Handled }) {
  return item.handler_gone ? <strong> · {t("case.handler_gone")}</strong> : null;
}

/** What that means, where somebody else can be sent from. */
export function NobodyGoes({ item }: { item: Handled }) {
  if (!item.handler_gone || item.handler === null) return null;
  return (
    <p class="warning" role="alert">
      {t("case.nobody_goes", { name: item.handler.name })}
    </p>
  );
}
