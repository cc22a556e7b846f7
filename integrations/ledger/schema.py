"""The tables of the ledger, the same on SQLite and PostgreSQL.

What a table says by itself stands here (keys, checks); what takes two tables (an allocation reduces its item, a
decision is sealed over its allocations, nothing is edited or deleted) is done by triggers, in the migrations. Amounts
are whole minor units; ``amount = CAST(amount AS BIGINT)`` refuses a fraction on SQLite, whose types would let it in.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Dialect,
    Float,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.types import TypeEngine

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

metadata = MetaData(naming_convention=NAMING)


class Moment(TypeDecorator[datetime]):
    """An aware UTC moment; SQLite keeps it without its zone, PostgreSQL with it."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Let SQLite store the plain UTC time."""
        return dialect.type_descriptor(DateTime(timezone=dialect.name != "sqlite"))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC; a moment without zone is our own mistake."""
        if value is None:
            return None
        assert value.tzinfo is not None, "moments in the ledger are aware"
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Back as aware UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# Bytes decide the order, as on SQLite, whatever language the server speaks.
Words = Text().with_variant(Text(collation="C"), "postgresql")
# SQLite counts rows up only for a column of type INTEGER.
Counter = BigInteger().with_variant(Integer(), "sqlite")


def _whole(*names: str) -> CheckConstraint:
    """Every named amount is a whole number of minor units."""
    rule = " AND ".join(f"{name} = CAST({name} AS BIGINT)" for name in names)
    return CheckConstraint(rule, name="whole_amounts")


def _one_of(column: str, values: str) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values.split())
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


def _text(name: str, *, default: str | None = "") -> Column[Any]:
    return Column(name, Words, nullable=False, server_default=default)


def _amount(name: str) -> Column[Any]:
    return Column(name, BigInteger, nullable=False, server_default=text("0"))


def _company() -> Column[Any]:
    return Column("company_id", Integer, nullable=False)


def _of(table: str, *columns: str, deferred: bool = False) -> ForeignKeyConstraint:
    """A reference to the row of another table with the same key columns."""
    when = {"deferrable": True, "initially": "DEFERRED"} if deferred else {}
    return ForeignKeyConstraint(columns, [f"{table}.{column}" for column in columns], **when)  # type: ignore[arg-type]


def _change() -> tuple[Column[Any], ...]:
    """Who, when, in which run."""
    return (
        Column("at", Moment, nullable=False),
        _text("actor_kind", default=None),
        _text("actor", default=None),
        _text("run_id"),
    )


companies = Table(
    "companies",
    metadata,
    Column("company_id", Counter, primary_key=True),
    Column("name", Words, nullable=False, unique=True),
    _amount("last_item_no"),
    _amount("last_decision_id"),
    _amount("audit_sequence"),
    _text("audit_hash"),
    _text("pusher"),
    Column("pusher_until", Moment),
)

# -- What arrived -----------------------------------------------------------------------------------------------

files = Table(
    "files",
    metadata,
    Column("file_id", Counter, primary_key=True),
    _company(),
    _text("sha256", default=None),
    _text("name"),
    _amount("size"),
    Column("content", LargeBinary),
    Column("erased_at", Moment),
    *_change(),
    _text("format"),
    Column("version", Words),
    Column("encoding", Words),
    Column("dialect", Words),
    _amount("entries_in_file"),
    _amount("entries_read"),
    _amount("entries_new"),
    _amount("payments_new"),
    _amount("quarantined"),
    _amount("findings"),
    _amount("entries_enriched"),
    _of("companies", "company_id"),
    UniqueConstraint("company_id", "sha256"),
    CheckConstraint("entries_in_file = entries_read + quarantined", name="nothing_dropped"),
)

statements = Table(
    "statements",
    metadata,
    Column("statement_no", Counter, primary_key=True),
    _company(),
    Column("file_id", BigInteger, nullable=False),
    Column("position", Integer, nullable=False),
    _text("account"),
    Column("account_owner", Words),
    Column("currency", Words),
    _text("kind"),
    Column("statement_id", Words),
    Column("sequence", Words),
    Column("page", Integer),
    Column("last_page", Boolean),
    Column("from_date", Date),
    Column("to_date", Date),
    Column("opening", Words),
    Column("closing", Words),
    _text("integrity"),
    _amount("entry_count"),
    _of("files", "file_id"),
    UniqueConstraint("file_id", "position"),
    Index("ix_statements_account", "company_id", "account", "to_date"),
)

entries = Table(
    "entries",
    metadata,
    _company(),
    _text("entry_key", default=None),
    _text("account"),
    _text("currency"),
    _amount("amount"),
    Column("booked_on", Date),
    Column("valued_on", Date),
    _text("status", default=None),
    _text("content", default=None),
    Column("erased_at", Moment),
    PrimaryKeyConstraint("company_id", "entry_key"),
    _of("companies", "company_id"),
    _whole("amount"),
    _one_of("status", "booked pending info future"),
)

entry_history = Table(
    "entry_history",
    metadata,
    Column("history_id", Counter, primary_key=True),
    _company(),
    _text("entry_key", default=None),
    Column("file_id", BigInteger, nullable=False),
    # What the ledger held of the entry, and what this file said of it. Not ``applied``: the entry was decided already,
    # and what the file says is only kept beside. Both texts are erasable; their hash stays.
    Column("applied", Boolean, nullable=False),
    Column("before", Words),
    Column("said", Words),
    Column("salt", Words),
    _text("content_hash", default=None),
    _of("entries", "company_id", "entry_key"),
    _of("files", "file_id"),
    Index("ix_entry_history_entry", "company_id", "entry_key"),
)

collective_entries = Table(
    "collective_entries",
    metadata,
    _company(),
    _text("entry_key", default=None),
    # The same money told twice: in whole amounts and in parts, under one name (the key of the first whole). The
    # entries of the side that does not count have no payments.
    _text("collective", default=None),
    _text("side", default=None),
    Column("counts", Boolean, nullable=False),
    Column("file_id", BigInteger, nullable=False),
    PrimaryKeyConstraint("company_id", "entry_key"),
    _of("entries", "company_id", "entry_key"),
    _of("files", "file_id"),
    _one_of("side", "whole parts"),
    Index("ix_collective_entries_collective", "company_id", "collective"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("statement_no", BigInteger, nullable=False),
    Column("ordinal", Integer, nullable=False),
    _company(),
    _text("entry_key", default=None),
    # What this statement says was booked; nothing where it only announces the entry.
    Column("booked", BigInteger),
    PrimaryKeyConstraint("statement_no", "ordinal"),
    _of("statements", "statement_no"),
    _of("entries", "company_id", "entry_key"),
    Index("ix_deliveries_entry", "company_id", "entry_key"),
)

findings = Table(
    "findings",
    metadata,
    Column("file_id", BigInteger, nullable=False),
    Column("position", Integer, nullable=False),
    _text("severity"),
    _text("code"),
    _text("location"),
    _text("message"),
    PrimaryKeyConstraint("file_id", "position"),
    _of("files", "file_id"),
)

quarantined = Table(
    "quarantined",
    metadata,
    Column("file_id", BigInteger, nullable=False),
    Column("position", Integer, nullable=False),
    _text("location"),
    _text("raw"),
    _text("code"),
    _text("message"),
    PrimaryKeyConstraint("file_id", "position"),
    _of("files", "file_id"),
)

payments = Table(
    "payments",
    metadata,
    _company(),
    _text("payment_id", default=None),
    _text("entry_key", default=None),
    Column("file_id", BigInteger, nullable=False),
    _text("account"),
    _text("currency", default=None),
    _amount("amount"),
    Column("booked_on", Date, nullable=False),
    _text("bank_reference"),
    _text("content", default=None),
    Column("erased_at", Moment),
    _text("state", default="new"),
    _amount("version"),
    _amount("allocated"),
    _amount("on_account"),
    _amount("in_exception"),
    _amount("ignored"),
    # The file whose details broke the entry into other payments: this one stands for nothing any more.
    Column("replaced_by", BigInteger),
    PrimaryKeyConstraint("company_id", "payment_id"),
    _of("entries", "company_id", "entry_key"),
    _of("files", "file_id"),
    _whole("amount", "allocated", "on_account", "in_exception", "ignored"),
    _one_of("state", "new allocated exception ignored"),
    CheckConstraint(
        "(amount >= 0 AND allocated >= 0 AND on_account >= 0 AND in_exception >= 0 AND ignored >= 0"
        " AND allocated + on_account + in_exception + ignored <= amount)"
        " OR (amount <= 0 AND allocated <= 0 AND on_account <= 0 AND in_exception <= 0 AND ignored <= 0"
        " AND allocated + on_account + in_exception + ignored >= amount)",
        name="never_beyond_its_amount",
    ),
    CheckConstraint(
        "(state = 'new' AND allocated = 0 AND on_account = 0 AND in_exception = 0 AND ignored = 0)"
        " OR (state <> 'new' AND allocated + on_account + in_exception + ignored = amount)",
        name="every_cent_somewhere",
    ),
    Index("ix_payments_state", "company_id", "state"),
    Index("ix_payments_day", "company_id", "account", "booked_on"),
    Index("ix_payments_entry", "company_id", "entry_key"),
    Index("ix_payments_reference", "company_id", "bank_reference"),
)

# -- What the ERP says --------------------------------------------------------------------------------------------

customers = Table(
    "customers",
    metadata,
    _company(),
    _text("customer_id", default=None),
    _text("name"),
    _text("ibans"),
    _text("country"),
    _text("parent_id"),
    _text("aliases"),
    _text("payer_ids"),
    Column("gone", Boolean, nullable=False, server_default=text("false")),
    Column("erased_at", Moment),
    PrimaryKeyConstraint("company_id", "customer_id"),
    _of("companies", "company_id"),
)

house_accounts = Table(
    "house_accounts",
    metadata,
    _company(),
    _text("account", default=None),
    _text("currency", default=None),
    _text("name"),
    PrimaryKeyConstraint("company_id", "account", "currency"),
    _of("companies", "company_id"),
)

items = Table(
    "items",
    metadata,
    _company(),
    Column("item_no", BigInteger, nullable=False),
    _text("item_id", default=None),
    _text("number"),
    _text("kind", default=None),
    _text("customer_id"),
    _text("currency", default=None),
    Column("issued_on", Date, nullable=False),
    Column("due_on", Date, nullable=False),
    _amount("original_amount"),
    _amount("open_amount"),
    _text("payment_reference"),
    Column("discount_until", Date),
    _amount("discount_amount"),
    Column("disputed", Boolean, nullable=False, server_default=text("false")),
    Column("settled_on", Date),
    _text("other_references"),
    Column("gone", Boolean, nullable=False, server_default=text("false")),
    # 1 for what is owed, -1 for credit. ``settled`` is by how much our live decisions let the item fall, ``reflected``
    # the part of it that ``open_amount`` already contains, ``overdrawn`` by how much the ERP went below our rest.
    Column("direction", Integer, nullable=False, server_default=text("1")),
    _amount("settled"),
    _amount("reflected"),
    _amount("overdrawn"),
    PrimaryKeyConstraint("company_id", "item_no"),
    UniqueConstraint("company_id", "item_id"),
    _of("companies", "company_id"),
    _whole("original_amount", "open_amount", "discount_amount", "settled", "reflected", "overdrawn"),
    _one_of("kind", "invoice credit_note debit_note on_account"),
    CheckConstraint("direction IN (-1, 1)", name="direction_known"),
    CheckConstraint("direction * settled >= 0", name="never_below_zero"),
    CheckConstraint(
        "overdrawn >= 0 AND direction * (settled - reflected) <= direction * open_amount + overdrawn",
        name="never_beyond_what_is_open",
    ),
)

item_history = Table(
    "item_history",
    metadata,
    Column("history_id", Counter, primary_key=True),
    _company(),
    Column("item_no", BigInteger, nullable=False),
    *_change(),
    _text("before", default=None),
    _text("after", default=None),
    _of("items", "company_id", "item_no"),
    Index("ix_item_history_item", "company_id", "item_no"),
)

item_chunks = Table(
    "item_chunks",
    metadata,
    _company(),
    _text("kind", default=None),
    _text("digest", default=None),
    Column("item_nos", LargeBinary, nullable=False),
    PrimaryKeyConstraint("company_id", "kind", "digest"),
    _of("companies", "company_id"),
)

cursors = Table(
    "cursors",
    metadata,
    _company(),
    _text("name", default=None),
    _text("value"),
    Column("at", Moment, nullable=False),
    PrimaryKeyConstraint("company_id", "name"),
    _of("companies", "company_id"),
)

# -- What was decided -----------------------------------------------------------------------------------------------

decisions = Table(
    "decisions",
    metadata,
    _company(),
    Column("decision_id", BigInteger, nullable=False),
    _text("payment_id", default=None),
    _text("kind", default=None),
    Column("revision", Integer, nullable=False, server_default=text("0")),
    Column("live", Boolean, nullable=False),
    Column("reverses_id", BigInteger),
    _amount("amount"),
    _amount("allocated"),
    _amount("on_account"),
    _amount("in_exception"),
    _amount("ignored"),
    _text("on_account_customer_id"),
    _text("reason_code"),
    Column("confidence", Float, nullable=False, server_default=text("0")),
    _text("rule"),
    _text("rule_version"),
    *_change(),
    _text("reason"),
    Column("clearing_id", BigInteger),
    # The texts that may name people, erasable; their hash stays, so that what stays is still proven.
    Column("texts", Words),
    Column("salt", Words),
    _text("texts_hash", default=None),
    _text("hash", default=None),
    PrimaryKeyConstraint("company_id", "decision_id"),
    _of("payments", "company_id", "payment_id"),
    ForeignKeyConstraint(
        ["company_id", "reverses_id"], ["decisions.company_id", "decisions.decision_id"], name="fk_decisions_reverses"
    ),
    UniqueConstraint("company_id", "reverses_id"),
    _whole("amount", "allocated", "on_account", "in_exception", "ignored"),
    _one_of("kind", "allocated exception ignored reversal"),
    CheckConstraint("actor <> ''", name="somebody_decided"),
    CheckConstraint("allocated + on_account + in_exception + ignored = amount", name="every_cent_somewhere"),
    CheckConstraint(
        "(kind = 'ignored' AND allocated = 0 AND on_account = 0 AND in_exception = 0)"
        " OR (kind = 'allocated' AND in_exception = 0 AND ignored = 0)"
        " OR (kind = 'exception' AND ignored = 0)"
        " OR (kind = 'reversal' AND reverses_id IS NOT NULL AND NOT live)",
        name="one_kind",
    ),
    CheckConstraint("kind = 'reversal' OR reverses_id IS NULL", name="only_reversals_reverse"),
    Index("ix_decisions_payment", "company_id", "payment_id"),
    Index(
        "uq_decisions_one_live",
        "company_id",
        "payment_id",
        unique=True,
        postgresql_where=text("live"),
        sqlite_where=text("live"),
    ),
)

allocations = Table(
    "allocations",
    metadata,
    _company(),
    Column("decision_id", BigInteger, nullable=False),
    Column("item_no", BigInteger, nullable=False),
    _text("payment_id", default=None),
    _text("currency", default=None),
    _amount("cash"),
    _amount("discount"),
    _amount("write_off"),
    _amount("settled"),
    _amount("residual"),
    Column("residual_reason", Words),
    _amount("expected_open"),
    Column("reflected", Boolean, nullable=False, server_default=text("false")),
    PrimaryKeyConstraint("company_id", "decision_id", "item_no"),
    # Checked at the end: allocations come first, then the decision is sealed over them.
    _of("decisions", "company_id", "decision_id", deferred=True),
    _of("items", "company_id", "item_no"),
    _whole("cash", "discount", "write_off", "settled", "residual"),
    CheckConstraint("settled = cash + discount + write_off", name="settled_is_the_sum"),
    Index("ix_allocations_item", "company_id", "item_no"),
)

cases = Table(
    "cases",
    metadata,
    _company(),
    _text("case_id", default=None),
    _text("payment_id", default=None),
    _text("state", default=None),
    _text("kind", default=None),
    _amount("unallocated"),
    _text("customer_id"),
    Column("texts", Words),
    Column("opened_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    PrimaryKeyConstraint("company_id", "case_id"),
    UniqueConstraint("company_id", "payment_id"),
    _of("payments", "company_id", "payment_id"),
    _one_of("state", "open proposed awaiting_approval cleared sent confirmed rejected reopened"),
    Index("ix_cases_state", "company_id", "state"),
)

clearings = Table(
    "clearings",
    metadata,
    Column("clearing_id", Counter, primary_key=True),
    _company(),
    _text("case_id", default=None),
    _text("payment_id", default=None),
    _text("resolution", default=None),
    Column("texts", Words),
    _text("person", default=None),
    Column("at", Moment, nullable=False),
    _text("run_id"),
    _text("reason"),
    _text("state", default=None),
    _of("cases", "company_id", "case_id"),
    _one_of("state", "proposed awaiting_approval done declined withdrawn"),
    Index("ix_clearings_case", "company_id", "case_id"),
    Index("ix_clearings_payment", "company_id", "payment_id"),
)

verdicts = Table(
    "verdicts",
    metadata,
    Column("clearing_id", BigInteger, nullable=False),
    _text("person", default=None),
    _text("proposer", default=None),
    Column("approves", Boolean, nullable=False),
    Column("at", Moment, nullable=False),
    _text("reason"),
    PrimaryKeyConstraint("clearing_id", "person"),
    _of("clearings", "clearing_id"),
    CheckConstraint("NOT approves OR lower(person) <> lower(proposer)", name="four_eyes"),
)

facts = Table(
    "facts",
    metadata,
    Column("fact_id", Counter, primary_key=True),
    _company(),
    _text("kind", default=None),
    _text("subject", default=None),
    _text("customer_id"),
    Column("confirmations", Integer, nullable=False),
    Column("learned_on", Date, nullable=False),
    _text("source"),
    *_change(),
    Column("revoked_at", Moment),
    _text("revoked_by"),
    _of("companies", "company_id"),
    _one_of("kind", "payer_account payer_name reference_habit tolerance_habit not_ours"),
    Index(
        "uq_facts_in_force",
        "company_id",
        "kind",
        "subject",
        "customer_id",
        unique=True,
        postgresql_where=text("revoked_at IS NULL"),
        sqlite_where=text("revoked_at IS NULL"),
    ),
)

# -- What goes to the ERP, and the proof ----------------------------------------------------------------------------

outbox = Table(
    "outbox",
    metadata,
    Column("outbox_id", Counter, primary_key=True),
    _company(),
    _text("key", default=None),
    _text("action", default=None),
    _text("payment_id", default=None),
    Column("decision_id", BigInteger, nullable=False),
    Column("revision", Integer, nullable=False),
    _text("currency", default=None),
    _amount("amount"),
    _text("posting", default=None),
    _text("state", default=None),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("must_find", Boolean, nullable=False, server_default=text("false")),
    _text("step"),
    _text("native_ids", default="[]"),
    _text("message"),
    _text("worker"),
    Column("planned_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    # An uncertain outcome may still be in the making until then: looking earlier proves nothing.
    Column("not_before", Moment),
    _of("decisions", "company_id", "decision_id"),
    UniqueConstraint("company_id", "key", "action"),
    _whole("amount"),
    _one_of("action", "post reverse"),
    _one_of("state", "planned approved sending confirmed submitted ambiguous rejected reversed"),
    Index("ix_outbox_state", "company_id", "state"),
    Index("ix_outbox_payment", "company_id", "payment_id"),
    Index("uq_outbox_decision", "company_id", "decision_id", "action", unique=True),
)

audit = Table(
    "audit",
    metadata,
    _company(),
    Column("sequence", BigInteger, nullable=False),
    *_change(),
    _text("event", default=None),
    _text("subject"),
    Column("content", Words),
    Column("salt", Words),
    _text("content_hash", default=None),
    _text("previous_hash", default=None),
    _text("hash", default=None),
    PrimaryKeyConstraint("company_id", "sequence"),
    _of("companies", "company_id"),
    Index("ix_audit_subject", "company_id", "subject"),
)
