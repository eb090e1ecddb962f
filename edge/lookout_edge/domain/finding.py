"""What an examination of a box found."""

from dataclasses import dataclass
from enum import StrEnum


class Grade(StrEnum):
    """How a finding is to be taken."""

    OK = "ok"
    #: Works, and should be looked at.
    WARN = "warn"
    #: Does not work.
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was examined."""

    grade: Grade
    #: What: ``config``, ``calendar``, ``models``, ``camera gate``, ``broker``, ``dispatcher``, ``clock``, ``disk``.
    subject: str
    #: What was found, with figures.
    text: str
    #: What to do about it; empty when all is well.
    advice: str = ""


def worst(findings: list[Finding]) -> Grade:
    """The worst grade there is."""
    grades = {finding.grade for finding in findings}
    return next((grade for grade in (Grade.FAIL, Grade.WARN) if grade in grades), Grade.OK)
