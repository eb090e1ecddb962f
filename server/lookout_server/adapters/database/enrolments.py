"""One-time codes for boxes, and the certificates that they got."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Update, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from lookout_server.adapters.database.statements import insert_all
from lookout_server.adapters.database.tables import CertificateRow, EnrolmentRow
from lookout_server.ports import IssuedCertificate


class SqlEnrolments:
    """Implements ports.Enrolments."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def offer(self, code_hash: str, gateway: str, *, at: datetime, expires_at: datetime) -> None:
        """One code a gateway."""
        await self._forget_codes(gateway)
        row: dict[str, Any] = {
            "code_hash": code_hash,
            "gateway": gateway,
            "created_at": at,
            "expires_at": expires_at,
            "used_at": None,
        }
        await insert_all(self._session, EnrolmentRow, [row])

    async def redeem(self, code_hash: str, at: datetime) -> str | None:
        """The WHERE decides between two who come at once."""
        statement = (
            update(EnrolmentRow)
            .where(EnrolmentRow.code_hash == code_hash, EnrolmentRow.used_at.is_(None), EnrolmentRow.expires_at > at)
            .values(used_at=at)
            .returning(EnrolmentRow.gateway)
            .execution_options(synchronize_session=False)
        )
        return (await self._session.execute(statement)).scalar_one_or_none()

    async def certified(self, gateway: str, certificate: IssuedCertificate, at: datetime) -> None:
        """The ones before it are revoked."""
        await self._session.execute(_revoke(gateway, at))
        row: dict[str, Any] = {
            "serial": certificate.serial,
            "gateway": gateway,
            "issued_at": at,
            "expires_at": certificate.expires_at,
            "revoked_at": None,
        }
        await insert_all(self._session, CertificateRow, [row])

    async def revoke(self, gateway: str, at: datetime) -> int:
        """Codes go, certificates stay as revoked."""
        await self._forget_codes(gateway)
        found = await self._session.execute(_revoke(gateway, at).returning(CertificateRow.serial))
        return len(found.all())

    async def revoked(self) -> Collection[str]:
        """Expired ones too: a list that is too long harms nobody."""
        statement = select(CertificateRow.serial).where(CertificateRow.revoked_at.is_not(None))
        return list(await self._session.scalars(statement))

    async def expiries(self) -> dict[str, datetime]:
        """Of those that are not revoked."""
        statement = (
            select(CertificateRow.gateway, func.max(CertificateRow.expires_at))
            .where(CertificateRow.revoked_at.is_(None))
            .group_by(CertificateRow.gateway)
        )
        return {str(row[0]): row[1] for row in await self._session.execute(statement)}

    async def _forget_codes(self, gateway: str) -> None:
        statement = delete(EnrolmentRow).where(EnrolmentRow.gateway == gateway)
        await self._session.execute(statement.execution_options(synchronize_session=False))


def _revoke(gateway: str, at: datetime) -> Update:
    return (
        update(CertificateRow)
        .where(CertificateRow.gateway == gateway, CertificateRow.revoked_at.is_(None))
        .values(revoked_at=at)
        .execution_options(synchronize_session=False)
    )
