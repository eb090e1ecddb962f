"""一键告警: somebody presses a button on a phone, at a kiosk or in the control room, and is believed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from lookout_contract.events import Scenario
from lookout_server.domain.wording import Words

#: Whoever is afraid presses more than once: within this it is the same alarm.
SAME_WITHIN = timedelta(minutes=10)


class DangerKind(StrEnum):
    """What the matter is; ``danger`` when there was no time to say."""

    DANGER = "danger"
    FIRE = "fire"
    MEDICAL = "medical"


@dataclass(frozen=True, kw_only=True)
class DangerRow:
    """How it is called, and what kind of case it makes."""

    words: Words
    scenario: Scenario | None


DANGERS: Mapping[DangerKind, DangerRow] = {
    DangerKind.DANGER: DangerRow(words=Words("一键告警：遇到危险", "Alarm button: danger"), scenario=Scenario.KEY_AREA),
    DangerKind.FIRE: DangerRow(words=Words("一键告警：火情", "Alarm button: fire"), scenario=Scenario.FIRE_SMOKE),
    DangerKind.MEDICAL: DangerRow(
        words=Words("一键告警：有人受伤或发病", "Alarm button: somebody is hurt or ill"), scenario=None
    ),
}
