"""The audit log: who did what that others may want to ask about. Entries are only ever added, each chained to the last.

The hash of an entry covers the one before it (as in ``ledger``), so that one changed, left out or put in later shows in
every hash that follows. Whoever notes a number and its hash elsewhere can show later that nothing before it changed.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lookout_server.domain.ledger import digest_of

#: The hash before the first entry.
GENESIS = digest_of("lookout audit log")


class Act(StrEnum):
    """What is written down."""

    SIGNED_IN = "session.begun"
    SIGN_IN_REFUSED = "session.refused"
    #: Several in one line, when there were many.
    SIGN_INS_REFUSED = "session.refused_often"
    SIGNED_OUT = "session.ended"
    SESSIONS_REVOKED = "session.revoked"
    ACCOUNT_SAVED = "account.saved"
    ACCOUNT_BARRED = "account.barred"
    PASSWORD_CHANGED = "account.password_changed"
    ACCOUNT_LET_IN = "account.let_in"
    SECOND_FACTOR_ON = "account.second_factor_on"
    SECOND_FACTOR_OFF = "account.second_factor_off"
    RECOVERY_CODE_USED = "account.recovery_code_used"
    CARE_ASKED = "care.asked"
    CARE_GRANTED = "care.granted"
    CARE_ENDED = "care.ended"
    CARE_READ = "care.read"
    CONTACT_SAVED = "contact.saved"
    CONTACT_REMOVED = "contact.removed"
    CAMERA_WATCHED = "camera.watched"
    GATEWAY_ASKED = "gateway.asked"
    GATEWAY_INVITED = "gateway.invited"
    GATEWAY_SHUT_OUT = "gateway.shut_out"
    MESSAGE_TAKEN = "quarantine.taken"
    MESSAGE_DISCARDED = "quarantine.discarded"
    HAND_OVER_GIVEN = "hand_over.given"
    HAND_OVER_TAKEN = "hand_over.taken"
    HAND_OVER_DECLINED = "hand_over.declined"
    POSITION_SHARED = "position.shared"
    POSITION_FORGOTTEN = "position.forgotten"
    EXPORTED = "data.exported"
    IMPORTED = "data.imported"
    VEHICLE_SAVED = "vehicle.saved"
    VEHICLE_REMOVED = "vehicle.removed"
    POLICY_CHANGED = "policy.changed"
    #: With the hash of its history then, see ``seal``.
    CASE_SETTLED = "case.settled"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What happened. ``actor``: a person's id, None for the system; ``subject``: id of what it was done to."""

    at: datetime
    act: Act
    actor: str | None
    subject: str = ""
    #: Words and numbers beside it; never a password, token or secret.
    details: Mapping[str, str | int] | None = None

    @property
    def text(self) -> str:
        """The details as they are kept and hashed."""
        return json.dumps(self.details or {}, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


@dataclass(frozen=True, kw_only=True)
class Kept:
    """An entry with its number, the first being 1, and its hash."""

    seq: int
    entry: Entry
    chain: str


def link(before: str, seq: int, entry: Entry) -> Kept:
    """The entry behind the one with the hash ``before``."""
    parts = (before, str(seq), entry.at.isoformat(), entry.actor or "", entry.act.value, entry.subject, entry.text)
    # JSON, since a separator could be part of a name.
    return Kept(seq=seq, entry=entry, chain=digest_of(json.dumps(parts, ensure_ascii=False)))


def first_break(before: Kept | None, entries: Iterable[Kept]) -> int | None:
    """The number at which the entries stop following ``before`` and each other, or None."""
    seq, chain = (before.seq, before.chain) if before else (0, GENESIS)
    for kept in entries:
        if kept != link(chain, seq + 1, kept.entry):
            return seq + 1
        seq, chain = kept.seq, kept.chain
    return None
