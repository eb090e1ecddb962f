"""What ``policy try`` prints."""

import pytest

from lookout_server.bootstrap.trials import trial_text
from lookout_server.domain.rehearsal import Outcome, Trial


def outcome(pages: int) -> Outcome:
    return Outcome(pages=pages)


@pytest.mark.parametrize(
    ("now", "then", "said"), [(500, 120, "(380 saved)"), (120, 500, "(380 more)"), (5, 5, "(no difference)")]
)
def test_pages_are_told_as_saved_or_more(now: int, then: int, said: str) -> None:
    assert said in trial_text(Trial(cases=3, steps=9, now=outcome(now), then=outcome(then)))
