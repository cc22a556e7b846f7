"""What a later file says of an entry beside the first, when an uncertain posting may be looked up, and two more laws."""

import sqlalchemy as sa
from alembic import op

from integrations.ledger.migrations import triggers_v2
from integrations.ledger.schema import Moment

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A table, three columns and their triggers; no row is touched."""
    op.create_table('entry_history',
    sa.Column('history_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('company_id', sa.Integer(), nullable=False),
    sa.Column('entry_key', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
    sa.Column('file_id', sa.BigInteger(), nullable=False),
    sa.Column('applied', sa.Boolean(), nullable=False),
    sa.Column('before', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=True),
    sa.Column('said', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=True),
    sa.Column('salt', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=True),
    sa.Column('content_hash', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
    sa.ForeignKeyConstraint(['company_id', 'entry_key'], ['entries.company_id', 'entries.entry_key'], name=op.f('fk_entry_history_company_id_entry_key')),
    sa.ForeignKeyConstraint(['file_id'], ['files.file_id'], name=op.f('fk_entry_history_file_id')),
    sa.PrimaryKeyConstraint('history_id', name=op.f('pk_entry_history'))
    )
    op.create_index('ix_entry_history_entry', 'entry_history', ['company_id', 'entry_key'], unique=False)
    op.add_column('files', sa.Column('entries_enriched', sa.BigInteger(), server_default=sa.text('0'), nullable=False))
    op.add_column('payments', sa.Column('replaced_by', sa.BigInteger(), nullable=True))
    op.add_column('outbox', sa.Column('not_before', Moment(), nullable=True))
    for statement in triggers_v2.statements(op.get_bind().dialect.name):
        op.execute(statement)
