"""Takes the events of trials: they prove that a camera's alarms would arrive, and are nothing else."""

from collections.abc import Sequence

from lookout_contract.events import Scenario
from lookout_server.domain.proof import CameraProof, newer, proof_of
from lookout_server.domain.territory import Camera, CameraKey
from lookout_server.ports import UnitOfWork
from lookout_server.services import announce
from lookout_server.services.reading import ReadEvent


async def take_trials(uow: UnitOfWork, events: Sequence[ReadEvent]) -> None:
    """Keep the newest trial of each camera and scenario. No alarm, no case, nobody is told but who looks at cameras."""
    if not events:
        return
    wanted = {read.camera for read in events}
    held = {(p.camera, p.scenario): p for proofs in (await uow.proofs.get(wanted)).values() for p in proofs}
    kept: dict[tuple[CameraKey, Scenario], CameraProof] = dict(held)
    for read in events:
        told = proof_of(read.taken.event, read.camera, read.taken.received_at)
        key = (told.camera, told.scenario)
        kept[key] = newer(kept.get(key), told)
    changed = [proof for key, proof in kept.items() if proof != held.get(key)]
    known = await uow.territory.cameras(wanted)
    await uow.territory.make_cameras([Camera(key=key, name=key.id) for key in wanted if key not in known])
    await uow.proofs.save(changed)
    for proof in changed:
        announce.camera_changed(uow, proof.camera, "proved", proof.told_at)
