import { language, speak, t } from "../text/i18n";

/** A button that names the other language in that language. */
export function LanguageSwitch() {
  const other = language.value === "zh-CN" ? "en" : "zh-CN";
  return (
    <button type="button" class="button small quiet" lang={other} onClick={() => void speak(other)}>
      {t("language.other")}
    </button>
  );
}
