"""Second factors, looks into care cases, and the audit log."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from lookout_server.adapters.database.tables.columns import Base, Hash, Id, RowId


class AuditRow(Base):
    """The audit log. Triggers refuse to change or delete a row."""

    __tablename__ = "audit"
    seq: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    act: Mapped[str] = mapped_column(String(40))
    actor: Mapped[str | None] = mapped_column(Id, index=True)
    subject: Mapped[str] = mapped_column(String(150))
    #: Text rather than JSON: its hash is over these very bytes.
    details: Mapped[str] = mapped_column(Text)
    chain: Mapped[str] = mapped_column(Hash)


class CareViewRow(Base):
    """Who asked to look into a care case, and who agreed."""

    __tablename__ = "care_views"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    reason: Mapped[str] = mapped_column(Text)
    minutes: Mapped[int]
    asked_at: Mapped[datetime] = mapped_column(index=True)
    granted_by: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    granted_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    ended_at: Mapped[datetime | None]
    __table_args__ = (Index(None, "person_id", "expires_at"),)


class FactorRow(Base):
    """Secrets of one-time codes; ``step`` is the last one used, so that none is used twice."""

    __tablename__ = "second_factors"
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), primary_key=True)
    secret: Mapped[str] = mapped_column(String(64))
    since: Mapped[datetime | None]
    step: Mapped[int] = mapped_column(BigInteger)


class RecoveryCodeRow(Base):
    """Recovery codes that have not been used, by their hashes."""

    __tablename__ = "recovery_codes"
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), primary_key=True)
    code_hash: Mapped[str] = mapped_column(Hash, primary_key=True)
