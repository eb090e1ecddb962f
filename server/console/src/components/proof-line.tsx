import type { Proof } from "../api/models";
import { dayTime } from "../text/format";
import { t, word } from "../text/i18n";

/** Would its alarms arrive? What the newest trial said, and what it failed at. */
export function ProofLine({ proof }: { proof: Proof }) {
  const missed = proof.conditions.find((condition) => !condition.met);
  const how = proof.passed === null ? "running" : proof.passed ? "passed" : "failed";
  return (
    <p class="quiet-text" role={proof.passed === false ? "alert" : undefined}>
      {t(`proof.${how}`, { kind: t(`proof.${proof.kind}`), scenario: word("scenario", proof.scenario), at: dayTime(proof.at) })}
      {proof.passed === false && missed !== undefined ? ` · ${word("proof_missed", missed.name)}` : null}
    </p>
  );
}
