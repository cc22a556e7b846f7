"""Where the last pull ended, what a pull found unchanged, and finding a payment by the bank's reference."""

import sqlalchemy as sa
from alembic import op

from integrations.ledger.schema import Moment

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Two tables and an index; no row is touched."""
    op.create_table('cursors',
    sa.Column('company_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
    sa.Column('value', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), server_default='', nullable=False),
    sa.Column('at', Moment(), nullable=False),
    sa.ForeignKeyConstraint(['company_id'], ['companies.company_id'], name=op.f('fk_cursors_company_id')),
    sa.PrimaryKeyConstraint('company_id', 'name', name=op.f('pk_cursors'))
    )
    op.create_table('item_chunks',
    sa.Column('company_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
    sa.Column('digest', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
    sa.Column('item_nos', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['company_id'], ['companies.company_id'], name=op.f('fk_item_chunks_company_id')),
    sa.PrimaryKeyConstraint('company_id', 'kind', 'digest', name=op.f('pk_item_chunks'))
    )
    op.create_index('ix_payments_reference', 'payments', ['company_id', 'bank_reference'], unique=False)
