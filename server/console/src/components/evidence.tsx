import type { CaseEvidence } from "../api/models";
import { dayTime, size } from "../text/format";
import { t } from "../text/i18n";

/** Files of a case, picture by picture, with when and what they are. */
export function Evidence({ files, empty }: { files: readonly CaseEvidence[]; empty: string }) {
  if (files.length === 0) return <p class="note">{empty}</p>;
  return (
    <ul class="evidence">
      {files.map((file) => (
        <li key={`${file.stage} ${file.kind} ${file.sha256}`}>
          <Exhibit file={file} />
        </li>
      ))}
    </ul>
  );
}

function Exhibit({ file }: { file: CaseEvidence }) {
  const kind = t(`evidence.${file.kind}`);
  return (
    <figure>
      {file.mime.startsWith("video/") ? (
        <video src={file.url} controls loop muted playsInline preload="metadata" aria-label={kind} />
      ) : (
        <a href={file.url} target="_blank" rel="noopener">
          <img src={file.url} alt={kind} loading="lazy" />
        </a>
      )}
      <figcaption>
        {kind} · {dayTime(file.at)} · {size(file.bytes)}
        <code class="hash" title={file.sha256}>
          {file.sha256.slice(0, 12)}
        </code>
      </figcaption>
    </figure>
  );
}
