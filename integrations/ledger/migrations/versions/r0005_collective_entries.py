"""Entries that tell of the same money in one amount and in several, of which one side counts."""

import sqlalchemy as sa
from alembic import op

from integrations.ledger.migrations import triggers_v3

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A table and its triggers; no row is touched."""
    op.create_table('collective_entries',
    sa.Column('company_id', sa.Integer(), nullable=False),
    sa.Column('entry_key', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
    sa.Column('collective', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
    sa.Column('side', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
    sa.Column('counts', sa.Boolean(), nullable=False),
    sa.Column('file_id', sa.BigInteger(), nullable=False),
    sa.CheckConstraint("side IN ('whole', 'parts')", name=op.f('ck_collective_entries_side_known')),
    sa.ForeignKeyConstraint(['company_id', 'entry_key'], ['entries.company_id', 'entries.entry_key'], name=op.f('fk_collective_entries_company_id_entry_key')),
    sa.ForeignKeyConstraint(['file_id'], ['files.file_id'], name=op.f('fk_collective_entries_file_id')),
    sa.PrimaryKeyConstraint('company_id', 'entry_key', name=op.f('pk_collective_entries'))
    )
    op.create_index('ix_collective_entries_collective', 'collective_entries', ['company_id', 'collective'], unique=False)
    for statement in triggers_v3.statements(op.get_bind().dialect.name):
        op.execute(statement)
