import type { CaseDetail } from "../api/models";
import { word } from "../text/i18n";
import { Evidence } from "./evidence";

/** What people said and showed, each in their own words: several may have reported the same. */
export function Reports({ item }: { item: CaseDetail }) {
  const said = item.history.filter((entry) => (entry.action === "report" || entry.action === "join") && entry.note);
  const files = item.evidence.filter((file) => file.stage === "before");
  return (
    <>
      {said.map((entry) => (
        <p key={entry.seq} class="quote">
          {word("note", entry.note ?? "")}
        </p>
      ))}
      {files.length === 0 ? null : <Evidence files={files} empty="" />}
    </>
  );
}
