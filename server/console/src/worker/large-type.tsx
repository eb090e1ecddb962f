import { signal } from "@preact/signals";
import { t } from "../text/i18n";

const KEPT_AS = "lookout.large_type";
const large = signal(localStorage.getItem(KEPT_AS) === "1");

function show(): void {
  document.documentElement.classList.toggle("large-type", large.value);
}

show();

/** Everything on the phone a third larger, for this browser. */
export function LargeType() {
  const toggle = () => {
    large.value = !large.value;
    localStorage.setItem(KEPT_AS, large.value ? "1" : "0");
    show();
  };
  return (
    <button class="button small quiet" aria-pressed={large.value} onClick={toggle}>
      {t("worker.large_type")}
    </button>
  );
}
