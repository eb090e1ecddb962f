import threading
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from lookout_contract.events import Scenario
from lookout_edge.adapters.declined import DeclinedFile
from lookout_edge.adapters.feedback import ProposalFile
from lookout_edge.adapters.verdicts import VerdictFile
from lookout_edge.domain.feedback import KEEP_S, Decision, Proposal, propose
from lookout_edge.errors import SpoolError
from unit.edge.false_alarms import FALSE, JUDGED, alarm, scattered, verdict


def test_where_there_is_room_no_second_file_is_written(tmp_path: Path) -> None:
    file = ProposalFile(tmp_path / "proposals.json")
    (proposal,) = file.add(propose(0.0, scattered(), JUDGED))
    file.decide(proposal.id, Decision.DECLINED, "wang", 10.0)
    assert file.add(propose(1.0, scattered(), JUDGED)) == []
    assert not (tmp_path / "declined.json").exists()


def test_so_many_verdicts_are_kept_and_no_more_and_each_is_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lookout_edge.adapters.verdicts.MOST_VERDICTS", 8)
    path = tmp_path / "verdicts.jsonl"
    file, reads = VerdictFile(path), list[Path]()
    read = Path.read_bytes

    def counted(self: Path) -> bytes:
        reads.append(self)
        return read(self)

    monkeypatch.setattr(Path, "read_bytes", counted)
    for number in range(30):
        file.add(verdict(f"o{number}"))
        assert file.all()[-1].occurrence == f"o{number}"
        assert len(file.all()) <= 10
    assert len(reads) < 20, "what it has written itself it need not read, but after the oldest went"
    VerdictFile(path).add(verdict("other"))
    assert [each.occurrence for each in file.all()][-2:] == ["o29", "other"], "nor does it miss what others wrote"
    assert VerdictFile(path).all() == file.all()


def test_so_many_proposals_are_kept_and_first_of_all_what_is_in_force_or_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lookout_edge.adapters.feedback.MOST_PROPOSALS", 3)
    file, (made,) = ProposalFile(tmp_path / "proposals.json"), propose(0.0, scattered(), JUDGED)
    for number in range(6):
        camera = f"camera-{number}"
        file.add([made.model_copy(update={"id": camera, "camera": camera, "made_at": float(number)})])
        if number:
            file.decide(camera, Decision.ACCEPTED if number == 1 else Decision.DECLINED, "wang", 10.0 + number)
    assert [each.id for each in file.all()] == ["camera-0", "camera-1", "camera-5"]
    assert [question.camera for question in DeclinedFile(tmp_path / "declined.json").all()] == [
        f"camera-{number}" for number in (2, 3, 4)
    ], "of what was declined the question stays"
    file.add([made.model_copy(update={"id": "late", "camera": "late", "made_at": 20.0 + KEEP_S})])
    assert [each.id for each in file.all()] == ["camera-0", "camera-1", "late"], "what ran out last goes last"
    again = made.model_copy(update={"id": "camera-1", "camera": "camera-1", "made_at": 21.0 + KEEP_S})
    file.add([made.model_copy(update={"id": "later", "camera": "later", "made_at": 20.0 + KEEP_S})])
    assert file.add([again]) == [again], "what was agreed to was not declined"


def overfull(folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[ProposalFile, Proposal]:
    """A file with room for three, in which seven cameras' were declined; and what was asked first."""
    monkeypatch.setattr("lookout_edge.adapters.feedback.MOST_PROPOSALS", 3)
    verdicts = dict.fromkeys("abc", FALSE)
    file, (made,) = ProposalFile(folder / "proposals.json"), propose(0.0, [alarm(name) for name in "abc"], verdicts)
    for number in range(7):
        camera = f"camera-{number}"
        file.add([made.model_copy(update={"id": camera, "camera": camera, "made_at": float(number)})])
        file.decide(camera, Decision.DECLINED, "wang", 10.0 + number)
    file.add([made])
    return file, made.model_copy(update={"id": "again", "camera": "camera-0", "made_at": 30.0})


def test_what_was_declined_is_not_asked_again_however_many_others_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, again = overfull(tmp_path, monkeypatch)
    assert [each.id for each in file.all()][:2] == ["camera-5", "camera-6"]
    for number in range(7):
        nearly = (0.41, 0.39, 0.62, 0.60)
        assert file.add([again.model_copy(update={"camera": f"camera-{number}", "box": nearly})]) == []
    assert ProposalFile(tmp_path / "proposals.json").add([again]) == [], "nor by the next run"
    assert len(file.all()) == 3


@pytest.mark.parametrize(
    "other",
    [
        {"camera": "camera-9"},
        {"box": (0.0, 0.0, 0.2, 0.2)},
        {"zone": "landing"},
        {"group": "garbage"},
        {"scenario": Scenario.GARBAGE},
        {"least_score": 0.4},
    ],
    ids=str,
)
def test_another_question_than_what_was_declined_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, other: dict[str, object]
) -> None:
    file, again = overfull(tmp_path, monkeypatch)
    asked = again.model_copy(update=other)
    assert file.add([asked]) == [asked]


def test_of_many_that_go_at_once_the_questions_come_in_their_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, (made,) = ProposalFile(tmp_path / "proposals.json"), propose(0.0, scattered(), JUDGED)
    for number in range(5):
        file.add([made.model_copy(update={"id": f"camera-{number}", "camera": f"camera-{number}"})])
        file.decide(f"camera-{number}", Decision.DECLINED, "wang", 10.0 + number)
    monkeypatch.setattr("lookout_edge.adapters.feedback.MOST_PROPOSALS", 2)
    file.add([made])
    assert [each.camera for each in DeclinedFile(tmp_path / "declined.json").all()] == [
        f"camera-{number}" for number in range(4)
    ]


def test_so_many_declined_questions_are_kept_and_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lookout_edge.adapters.declined.MOST_DECLINED", 4)
    file, again = overfull(tmp_path, monkeypatch)
    path = tmp_path / "declined.json"
    assert [question.camera for question in DeclinedFile(path).all()] == [f"camera-{n}" for n in range(1, 5)]
    assert file.add([again]) == [again], "the first one has gone"
    inode = path.stat().st_ino
    DeclinedFile(path).add(DeclinedFile(path).all())
    assert path.stat().st_ino == inode, "what it knows is not written again"


def test_questions_that_cannot_be_read_are_put_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, again = overfull(tmp_path, monkeypatch)
    (tmp_path / "declined.json").write_bytes(b"[{")
    with capture_logs() as logs:
        assert file.add([again]) == [again]
    (aside,) = tmp_path.glob("declined.json.broken-*")
    assert (aside.read_bytes(), [log.get("kept_as") for log in logs]) == (b"[{", [str(aside)])
    (tmp_path / "declined.json").unlink(missing_ok=True)
    (tmp_path / "declined.json").mkdir()
    with pytest.raises(SpoolError, match="cannot be changed"):
        file.add([again.model_copy(update={"camera": "roof"})])


def test_a_broken_file_leaves_nothing_out_and_is_put_aside(tmp_path: Path) -> None:
    path = tmp_path / "proposals.json"
    path.write_bytes(b"[{")
    file = ProposalFile(path)
    with capture_logs() as logs:
        assert file.suppressions("stairs", 0.0) == []
        file.add(propose(0.0, [alarm(name) for name in "abc"], dict.fromkeys("abc", FALSE)))
    (aside,) = tmp_path.glob("proposals.json.broken-*")
    assert (aside.read_bytes(), len(file.all())) == (b"[{", 1)
    assert [(log["log_level"], log["kept_as"]) for log in logs] == [("error", str(aside))]


def test_what_cannot_be_read_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "proposals.json").mkdir()
    file = ProposalFile(tmp_path / "proposals.json")
    with capture_logs() as logs:
        assert (file.all(), file.all()) == ((), ())
    assert len(logs) == 1
    with pytest.raises(SpoolError, match="cannot be changed"):
        file.add([])
    (tmp_path / "proposals.json").rmdir()
    assert file.all() == ()
    (tmp_path / "proposals.json").mkdir()
    with capture_logs() as logs:
        assert file.all() == ()
    assert len(logs) == 1, "another time is told again"


def test_the_gateway_and_the_command_line_lose_nothing_of_each_others(tmp_path: Path) -> None:
    """A word that comes while proposals are tried again; another file object is another process to the lock."""
    path = tmp_path / "proposals.json"
    gateway, command = ProposalFile(path), ProposalFile(path)
    (first,) = gateway.add(propose(0.0, [alarm(name) for name in "abc"], dict.fromkeys("abc", FALSE)))
    word = threading.Thread(target=command.decide, args=(first.id, Decision.DECLINED, "wang", 1.0))

    def slowly(proposal: Proposal) -> Proposal:
        if not word.is_alive():
            word.start()
            word.join(0.2)
        return proposal.model_copy(update={"unjudged": 7})

    gateway.add([], slowly)
    word.join(5.0)
    (held,) = gateway.all()
    assert (held.decision, held.unjudged) == (Decision.DECLINED, 7)


def test_no_look_waits_while_a_proposal_is_tried_again(tmp_path: Path) -> None:
    """That goes through a week of alarms, and every look of every camera asks what is left out."""
    file = ProposalFile(tmp_path / "proposals.json")
    (made,) = file.add(propose(0.0, scattered(), JUDGED))
    begun, asked = threading.Event(), threading.Event()

    def again(proposal: Proposal) -> Proposal:
        begun.set()
        assert asked.wait(5), "a look had to wait"
        return proposal

    deciding = threading.Thread(target=file.decide, args=(made.id, Decision.ACCEPTED, "wang", 1.0, again))
    deciding.start()
    assert begun.wait(5)
    looking = threading.Thread(target=lambda: (file.suppressions(made.camera, 2.0), asked.set()))
    looking.start()
    deciding.join(10)
    looking.join(10)
    assert [each.id for each in file.suppressions(made.camera, 2.0)] == [made.id]
