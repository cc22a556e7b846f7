"""The tables that postings are written to, and amounts that stay exact in every database."""

from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from integrations.erp.sql.config import Settings


class ExactAmount(sa.types.TypeDecorator[Decimal]):
    """NUMERIC where the database has exact decimals, text where it has not (SQLite)."""

    impl = sa.Numeric(20, 4)
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        """The column type for this database."""
        exact: sa.types.TypeEngine[Any] = sa.String(24) if dialect.name == "sqlite" else sa.Numeric(20, 4)
        return dialect.type_descriptor(exact)

    def process_bind_param(self, value: Decimal | None, dialect: sa.Dialect) -> object:
        """On the way in."""
        return f"{value:f}" if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: object, dialect: sa.Dialect) -> Decimal | None:
        """On the way out."""
        return None if value is None else Decimal(str(value))


class WriteTables:
    """The write tables under their configured names. The columns are those of allocations.csv."""

    def __init__(self, settings: Settings) -> None:
        self.metadata = sa.MetaData()
        self.postings = self._table(
            settings.postings,
            sa.Column("posting_key", sa.String(32), primary_key=True),
            sa.Column("revision", sa.Integer, nullable=False),
            sa.Column("company", sa.String(120), nullable=False),
            sa.Column("account", sa.String(40), nullable=False),
            sa.Column("bank_reference", sa.String(140), nullable=False),
            sa.Column("end_to_end_id", sa.String(140), nullable=False),
            sa.Column("value_date", sa.Date),
            sa.Column("booking_date", sa.Date, nullable=False),
            sa.Column("currency", sa.String(3), nullable=False),
            sa.Column("payment_amount", ExactAmount, nullable=False),
            sa.Column("on_account_amount", ExactAmount, nullable=False),
            sa.Column("on_account_customer_id", sa.String(120), nullable=False),
            sa.Column("payer_name", sa.Text, nullable=False),
            sa.Column("payer_iban", sa.String(40), nullable=False),
            sa.Column("remittance", sa.Text, nullable=False),
            sa.Column("status", sa.String(10), nullable=False),
            sa.Column("rule", sa.String(80), nullable=False),
            sa.Column("explanation", sa.Text, nullable=False),
        )
        self.lines = self._table(
            settings.posting_lines,
            sa.Column("posting_key", sa.String(32), primary_key=True),
            sa.Column("line_number", sa.Integer, primary_key=True, autoincrement=False),
            sa.Column("item_id", sa.String(120), nullable=False),
            sa.Column("number", sa.String(120), nullable=False),
            sa.Column("customer_id", sa.String(120), nullable=False),
            sa.Column("allocated_amount", ExactAmount, nullable=False),
            sa.Column("discount_amount", ExactAmount, nullable=False),
            sa.Column("write_off_amount", ExactAmount, nullable=False),
            sa.Column("write_off_reason", sa.String(40), nullable=False),
        )
        self.reversals = self._table(
            settings.reversals,
            sa.Column("posting_key", sa.String(32), primary_key=True),
            sa.Column("reversed_on", sa.Date, nullable=False),
            sa.Column("reason", sa.Text, nullable=False),
        )
        # The ERP's own table; it is read, never created or written.
        self.results = None if settings.results is None else answers(settings.results)

    def _table(self, name: str, *columns: sa.Column[object]) -> sa.Table:
        schema, bare = split_name(name)
        return sa.Table(bare, self.metadata, *columns, schema=schema)


def answers(name: str) -> sa.TableClause:
    """The columns in which the ERP says what became of a posting."""
    schema, bare = split_name(name)
    columns = (sa.column(each, sa.String) for each in ("posting_key", "outcome", "message", "document"))
    return sa.table(bare, *columns, schema=schema)


def split_name(name: str) -> tuple[str | None, str]:
    """Schema and name.

    >>> split_name("erp.open_items"), split_name("open_items")
    (('erp', 'open_items'), (None, 'open_items'))
    """
    schema, _, bare = name.rpartition(".")
    return schema or None, bare
