"""The newest trial of each camera and scenario."""

from collections.abc import Collection, Sequence
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lookout_contract.events import Condition, Scenario
from lookout_server.adapters.database.statements import scalars, select_by, upsert
from lookout_server.adapters.database.tables import CameraProofRow
from lookout_server.domain.proof import CameraProof, ProofKind
from lookout_server.domain.territory import CameraKey

_CONDITIONS = TypeAdapter(tuple[Condition, ...])


class SqlProofs:
    """Implements ports.ProofRepository."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, keys: Collection[CameraKey] | None = None) -> dict[CameraKey, tuple[CameraProof, ...]]:
        """Of these cameras, or of all that were ever tried; by scenario."""
        if keys is None:
            rows = await scalars(self._session, select(CameraProofRow))
        else:
            rows = await select_by(self._session, CameraProofRow, ("gateway", "id"), [(k.gateway, k.id) for k in keys])
        found: dict[CameraKey, tuple[CameraProof, ...]] = {}
        for proof in sorted(map(_proof, rows), key=lambda proof: proof.scenario):
            found[proof.camera] = (*found.get(proof.camera, ()), proof)
        return found

    async def save(self, proofs: Sequence[CameraProof]) -> None:
        """Insert or update, in one order so that two writers cannot wait for each other."""
        ordered = sorted(proofs, key=lambda proof: (proof.camera.gateway, proof.camera.id, proof.scenario))
        await upsert(self._session, CameraProofRow, [_values(proof) for proof in ordered])


def _values(proof: CameraProof) -> dict[str, Any]:
    return {
        "gateway": proof.camera.gateway,
        "id": proof.camera.id,
        "kind": proof.kind.value,
        "scenario": proof.scenario.value,
        "occurrence": proof.occurrence,
        "started_at": proof.started_at,
        "told_at": proof.told_at,
        "passed": proof.passed,
        "told": {"conditions": _CONDITIONS.dump_python(proof.conditions, mode="json")},
    }


def _proof(row: CameraProofRow) -> CameraProof:
    return CameraProof(
        camera=CameraKey(gateway=row.gateway, id=row.id),
        kind=ProofKind(row.kind),
        scenario=Scenario(row.scenario),
        occurrence=row.occurrence,
        started_at=row.started_at,
        told_at=row.told_at,
        passed=row.passed,
        conditions=_CONDITIONS.validate_python(row.told["conditions"]),
    )
