"""Finding the payments of an entry without looking through all of them."""

from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """An index; no row is touched."""
    op.create_index('ix_payments_entry', 'payments', ['company_id', 'entry_key'], unique=False)
