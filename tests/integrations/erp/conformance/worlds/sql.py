"""A database with two views and three tables, on SQLite and on PostgreSQL."""

import sqlite3
from contextlib import ExitStack
from datetime import date
from functools import partial
from typing import ClassVar

import psycopg
import pytest
import sqlalchemy as sa

from integrations.erp.sql.config import Settings
from integrations.erp.sql.connector import SqlConnector
from matching.model.money import to_decimal, to_minor
from tests.integrations.erp.conformance.world import Killed
from tests.support.postgres import running_postgres

_SCHEMA = """
create table customers (customer_id varchar(20) primary key, name text, ibans text);
create table items (item_id varchar(20) primary key, doc_no text, kind text, customer_id text, currency text,
  issue_date date, due_date date, original_amount numeric(20,4), open_amount numeric(20,4), discount_date date,
  discount_amount numeric(20,4));
create view erp_open_items as select * from items where open_amount <> 0;
"""


def _strike(interrupt, moment, error):
    if interrupt is not None and interrupt.strikes(moment):
        raise Killed if interrupt.how == "kill" else error("server closed the connection unexpectedly")


class _SqliteConnection(sqlite3.Connection):
    interrupt = None

    def commit(self):
        _strike(self.interrupt, "before", sqlite3.OperationalError)
        super().commit()
        _strike(self.interrupt, "after", sqlite3.OperationalError)


class _PostgresConnection(psycopg.Connection):
    interrupt = None

    def commit(self):
        _strike(self.interrupt, "before", psycopg.OperationalError)
        super().commit()
        _strike(self.interrupt, "after", psycopg.OperationalError)


class SqliteWorld:
    name = "sql-sqlite"
    stride = 1
    stride_lost = 1
    account = "DE89370400440532013000"
    not_applicable: ClassVar = {
        "a_locked_period_is_said_and_never_shifted": "tables know no periods; the ERP checks on import"
    }

    def __init__(self, folder):
        self.stack = ExitStack()
        self.path = folder / "erp.db"
        self.count = 0
        self.engine = self._engine(None)
        with self.engine.begin() as connection:
            for statement in _SCHEMA.strip().split(";\n"):
                connection.execute(sa.text(statement.rstrip(";\n")))
        self.settings = Settings(
            url_variable="ERP_URL",
            open_items="erp_open_items",
            customers="customers",
            create_tables=True,
            columns={"number": "doc_no"},
        )
        assert {each.status for each in self.connector().check()} == {"ok"}

    def _engine(self, interrupt):
        def connect():
            connection = sqlite3.connect(self.path, factory=_SqliteConnection, timeout=30, check_same_thread=False)
            connection.interrupt = interrupt
            return connection

        engine = sa.create_engine("sqlite://", creator=connect, poolclass=sa.pool.NullPool)
        self.stack.callback(engine.dispose)
        return engine

    def connector(self, interrupt=None):
        return SqlConnector(self.settings, self._engine(interrupt))

    def _run(self, statement, **values):
        with self.engine.begin() as connection:
            result = connection.execute(sa.text(statement), values)
            return result.all() if result.returns_rows else None

    def add_customer(self, name, *, iban=""):
        self.count += 1
        self._run("insert into customers values (:id, :name, :iban)", id=f"C{self.count}", name=name, iban=iban)
        return f"C{self.count}"

    def add_item(
        self,
        number,
        amount,
        *,
        customer_id,
        kind="invoice",
        currency="EUR",
        issued_on=date(2026, 10, 1),
        due_on=date(2026, 10, 31),
        discount=None,
    ):
        self.count += 1
        self._run(
            "insert into items values (:i, :n, :k, :c, :cur, :iss, :due, :a, :a, :d, :da)",
            i=f"I{self.count}", n=number, k=kind, c=customer_id, cur=currency, iss=issued_on.isoformat(),
            due=due_on.isoformat(), a=str(to_decimal(amount, currency)),
            d=discount[0].isoformat() if discount else None,
            da=str(to_decimal(discount[1], currency)) if discount else None,
        )  # fmt: skip
        return f"I{self.count}"

    def open_amount(self, item_id):
        rows = self._run("select open_amount, currency from items where item_id = :i", i=item_id)
        if not rows:
            return 0
        amount, currency = rows[0]
        lines = self._run(
            "select allocated_amount, discount_amount, write_off_amount from lettrage_posting_lines where item_id = :i "
            "and posting_key not in (select posting_key from lettrage_reversals)",
            i=item_id,
        )
        exact = partial(_minor, currency=currency)
        return exact(amount) - sum(exact(value) for line in lines for value in line)

    def foreign_account(self, currency):
        return self.account

    def cash_booked(self):
        rows = self._run(
            "select payment_amount, currency from lettrage_postings "
            "where posting_key not in (select posting_key from lettrage_reversals)"
        )
        return sum(_minor(amount, currency=currency) for amount, currency in rows)

    def pay_outside(self, item_id, amount):
        self._run(
            "update items set open_amount = open_amount - :a where item_id = :i",
            a=to_decimal(amount, "EUR").__int__(),
            i=item_id,
        )

    def cancel_outside(self, item_id):
        self._run("delete from items where item_id = :i", i=item_id)

    def edit_outside(self, key):
        self._run("update lettrage_posting_lines set allocated_amount = 99 where posting_key = :k", k=key)

    def lock_until(self, day):
        raise NotImplementedError

    def close(self):
        self.stack.close()


class SqliteWithResultsWorld(SqliteWorld):
    """An ERP that answers in a table of its own: a posting is handed over until it does."""

    name = "sql-sqlite-with-results"

    def __init__(self, folder):
        super().__init__(folder)
        self._run("create table erp_results (posting_key text primary key, outcome text, message text, document text)")
        self.settings = self.settings.model_copy(update={"results": "erp_results"})

    def _answer(self, key, outcome, message, document):
        self._run("insert into erp_results values (:k, :o, :m, :d)", k=key, o=outcome, m=message, d=document)

    def confirm_outside(self, key):
        self._answer(key, "booked", None, "ZE-1")

    def refuse_outside(self, key):
        self._answer(key, "rejected", "customer is blocked", None)


class PostgresWorld(SqliteWorld):
    name = "sql-postgresql"
    marks = (pytest.mark.postgresql,)
    server = None

    def __init__(self, folder):
        if PostgresWorld.server is None:
            import atexit

            holder = ExitStack()
            PostgresWorld.server = holder.enter_context(running_postgres())
            atexit.register(holder.close)
        self.database = f"erp_{folder.name}".replace("-", "_").lower()
        PostgresWorld.server.create_database(self.database)
        super().__init__(folder)

    def _engine(self, interrupt):
        def connect():
            connection = _PostgresConnection.connect(
                host=str(PostgresWorld.server.socket), user="tester", dbname=self.database
            )
            connection.interrupt = interrupt
            return connection

        engine = sa.create_engine("postgresql+psycopg://", creator=connect, poolclass=sa.pool.NullPool)
        self.stack.callback(engine.dispose)
        return engine

    def close(self):
        super().close()
        PostgresWorld.server.drop_database(self.database)


def _minor(value, *, currency):
    from decimal import Decimal

    return to_minor(Decimal(str(value)), currency)


WORLDS = [SqliteWorld, SqliteWithResultsWorld, PostgresWorld]
