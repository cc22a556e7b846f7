"""The two databases behind one face: connections, turns of writers, bulk inserts, and trouble put into words."""

import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine, Table, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError

from integrations.ledger.errors import LawBroken, LedgerBusy, LedgerError, LedgerUnavailable

# One number for all advisory locks of Lettrage, so that they do not meet another program's.
LOCK_CLASS = 1_279_611_724
# How many rows are held at once, in reading and in writing.
BATCH = 5_000


class Database:
    """An engine and what differs between the two databases."""

    # Whatever the drivers raise when the database itself is the trouble: full, gone, not permitted.
    _TROUBLE = (sqlite3.OperationalError, psycopg.OperationalError, psycopg.InterfaceError)

    def __init__(self, url: str, *, wait: timedelta) -> None:
        self.url = database_url(url)
        self.wait = wait
        self.sqlite = self.url.get_backend_name() == "sqlite"
        self.engine = self._sqlite_engine() if self.sqlite else self._postgresql_engine()
        self._file: tuple[int, int] | None = None

    def _sqlite_engine(self) -> Engine:
        engine = create_engine(self.url, connect_args={"timeout": self.wait.total_seconds()})

        @event.listens_for(engine, "connect")
        def prepare(connection: Any, _record: object) -> None:
            # We say BEGIN ourselves, see below: the driver's own habit would begin too late and never read-only.
            connection.isolation_level = None
            for pragma in (
                "foreign_keys = ON",
                "synchronous = FULL",
                "cache_size = -65536",
                "recursive_triggers = OFF",
            ):
                connection.execute(f"PRAGMA {pragma}")

        @event.listens_for(engine, "begin")
        def begin(connection: Connection) -> None:
            writing = connection.get_execution_options().get("ledger_writes", False)
            connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

        return engine

    def _postgresql_engine(self) -> Engine:
        return create_engine(self.url, pool_pre_ping=True, connect_args={"connect_timeout": 10})

    def remember_file(self) -> None:
        """From now on the database is this file and no other one at its place."""
        if self.sqlite:
            self._file = self._file_there()

    def _file_there(self) -> tuple[int, int] | None:
        try:
            found = Path(self.url.database or "").stat()
        except OSError:
            return None
        return (found.st_dev, found.st_ino)

    def _make_sure_of_file(self) -> None:
        """An open SQLite file that was moved away can still be written, and nobody would ever see what was written."""
        if self._file is None or self._file_there() == self._file:
            return
        message = (
            f"the ledger's database file {self.url.database} was moved, replaced or deleted while it was in use; "
            "nothing of this unit of work stayed. Put the file back with the -wal file beside it (docs/backup.md), "
            "then run again"
        )
        raise LedgerUnavailable(message)

    @contextmanager
    def reading(self, *, one_moment: bool = False) -> Iterator[Connection]:
        """A connection to read with; with ``one_moment`` all its reads see the ledger at the same moment."""
        self._make_sure_of_file()
        with self.in_words(), self.engine.connect() as connection:
            if not self.sqlite:
                level = "REPEATABLE READ" if one_moment else "READ COMMITTED"
                connection = connection.execution_options(isolation_level=level, postgresql_readonly=True)  # noqa: PLW2901
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that may write; on SQLite the only one. Committed at the end, undone by any error."""
        self._make_sure_of_file()
        with self.in_words(), self.engine.connect() as connection:
            connection = connection.execution_options(ledger_writes=True)  # noqa: PLW2901
            with connection.begin():
                yield connection
                self._make_sure_of_file()

    def take_turn(self, connection: Connection, number: int) -> None:
        """Wait until no other writer holds that number (a company, or 0 for the schema); held until the end."""
        if not self.sqlite:
            milliseconds = int(self.wait.total_seconds() * 1000)
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {milliseconds}")
            # The triggers' plans are made while tables are nearly empty and kept while they grow to millions.
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
            connection.execute(
                text("SELECT pg_advisory_xact_lock(:class, :number)"), {"class": LOCK_CLASS, "number": number}
            )

    def insert(
        self, connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[Sequence[Any]]
    ) -> None:
        """Insert many rows at once, by the shortest way the database has. Dates and moments are given as such."""
        if not rows:
            return
        if self.sqlite:
            marks = ", ".join("?" * len(columns))
            statement = f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608
            connection.exec_driver_sql(statement, [tuple(map(_sqlite_value, row)) for row in rows])
            return
        driver = connection.connection.driver_connection
        assert driver is not None
        listed = ", ".join(columns)
        with driver.cursor() as cursor, cursor.copy(f"COPY {table.name} ({listed}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)

    @contextmanager
    def in_words(self) -> Iterator[None]:
        """Turn the drivers' errors into the ledger's, so that nobody outside needs to know either driver."""
        try:
            yield
        except LedgerError:
            raise
        except DBAPIError as error:
            raise self._explained(error) from error
        except Exception as error:
            # COPY speaks to the driver directly.
            if type(error).__module__.split(".")[0] in {"psycopg", "sqlite3"}:
                raise self._explained(error) from error
            raise

    def _explained(self, error: Exception) -> LedgerError:
        original = getattr(error, "orig", None) or error
        message = str(original).strip().splitlines()[0] if str(original).strip() else type(original).__name__
        state = getattr(original, "sqlstate", None) or ""
        if law := re.search(r"LAW (.*)", message):
            return LawBroken(f"{law.group(1)}; nothing was changed")
        if isinstance(error, IntegrityError) or state.startswith("23"):
            return LawBroken(f"the ledger's own checks refused the write, nothing was changed: {message}")
        if "locked" in message or state in {"55P03", "40P01", "40001", "57014"}:
            return LedgerBusy(
                "another process is writing to the ledger and did not finish within "
                f"{self.wait.total_seconds():.0f} s; nothing was changed, try again"
            )
        if "malformed" in message or "not a database" in message:
            return LedgerUnavailable(f"the ledger's database file is damaged: {message}; restore it (docs/backup.md)")
        gone = state.startswith(("53", "57", "58", "08")) or getattr(error, "connection_invalidated", False)
        if gone or isinstance(original, self._TROUBLE):
            return LedgerUnavailable(
                f"the ledger's database cannot be used: {message}. Nothing of this unit of work stayed; "
                "put the database right (space, connection, rights) and run again"
            )
        return LedgerError(f"the ledger's database refused: {message}")


def _sqlite_value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    if isinstance(value, date):
        return value.isoformat()
    return value


def database_url(url: str) -> URL:
    """The URL with its driver named; a plain path is a SQLite file. Raises LedgerError.

    >>> str(database_url("ledger.db")), database_url("postgresql://u@h/d").drivername
    ('sqlite:///ledger.db', 'postgresql+psycopg')
    """
    if "://" not in url:
        return URL.create("sqlite", database=str(Path(url)))
    try:
        parsed = make_url(url)
    except ArgumentError:
        message = "the database URL cannot be read; write sqlite:///FILE or postgresql://USER@HOST/DATABASE"
        raise LedgerError(message) from None
    if parsed.drivername in {"postgresql", "postgres"}:
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() == "sqlite" and not parsed.database:
        message = "the ledger needs a file; write sqlite:///FILE (memory would be lost with the process)"
        raise LedgerError(message)
    if parsed.drivername not in {"sqlite", "sqlite+pysqlite", "postgresql+psycopg"}:
        message = f"the ledger lives in SQLite or PostgreSQL, not in {parsed.drivername}"
        raise LedgerError(message)
    return parsed


def batches(rows: Iterable[Any], size: int = BATCH) -> Iterator[list[Any]]:
    """The rows in lists of at most that many."""
    batch: list[Any] = []
    for row in rows:
        batch.append(row)
        if len(batch) >= size:
            yield batch
            batch = []
    if batch:
        yield batch


_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(value: str) -> str:
    r"""Text that both databases can hold: NUL and lone surrogates become the replacement character.

    >>> storable("a\x00b")
    'a\ufffdb'
    """
    return value if value.isalnum() and value.isascii() else _UNSTORABLE.sub("\ufffd", value)
