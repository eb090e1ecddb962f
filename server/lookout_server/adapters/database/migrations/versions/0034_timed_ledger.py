"""From here on the hashes of the ledger's entries cover their times. Nothing stored changes.

An earlier version, which must not put its entries behind such ones, refuses the database by this revision.
"""

from collections.abc import Sequence

revision: str = "0034_timed_ledger"
down_revision: str | None = "0033_vehicles"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Entries of before keep their hashes."""


def downgrade() -> None:
    """Entries of since keep theirs: an earlier version's `ledger verify` takes them for changed."""
