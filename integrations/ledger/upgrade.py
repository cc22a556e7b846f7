"""Bringing a database to the schema of this Lettrage, once, whoever asks first."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from integrations.ledger.database import Database
from integrations.ledger.errors import LedgerError, LedgerTooNew, LedgerTooOld

_MIGRATIONS = Path(__file__).parent / "migrations"
_SCHEMA_TURN = 0


def bring_up_to_date(database: Database, *, migrate: bool) -> None:
    """Upgrade under a lock if need be. Raises LedgerTooNew, LedgerTooOld when ``migrate`` is false, LedgerError."""
    if database.sqlite:
        _use_write_ahead_log(database)
    with database.reading() as connection:
        if _is_current(connection):
            return
    if not migrate:
        message = (
            f"the ledger at {database.url.render_as_string()} was made by an older Lettrage and must be upgraded; "
            "make a backup, then run `lettrage sync` or open it without migrate=False"
        )
        raise LedgerTooOld(message)
    with database.writing() as connection:
        database.take_turn(connection, _SCHEMA_TURN)
        # Somebody else may have upgraded while we waited.
        if not _is_current(connection):
            _refuse_strangers(connection, database)
            command.upgrade(_config(connection), "head")


def _use_write_ahead_log(database: Database) -> None:
    """Readers must not wait for writers; the file remembers the mode."""
    with database.in_words(), database.engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.execute("PRAGMA journal_mode = WAL")


def _is_current(connection: Connection) -> bool:
    """Whether the database stands at the newest revision. Raises LedgerTooNew for one we do not know."""
    standing = MigrationContext.configure(connection).get_current_revision()
    script = ScriptDirectory(str(_MIGRATIONS))
    if standing is None:
        return False
    if standing not in {revision.revision for revision in script.walk_revisions()}:
        message = (
            f"the ledger stands at revision {standing}, which this Lettrage does not know: a newer version wrote it. "
            "Nothing was touched; install that version or a later one"
        )
        raise LedgerTooNew(message)
    return standing == script.get_current_head()


def _refuse_strangers(connection: Connection, database: Database) -> None:
    """A database with tables of that name but without our revision is somebody else's."""
    if MigrationContext.configure(connection).get_current_revision() is None and inspect(connection).has_table(
        "payments"
    ):
        message = (
            f"{database.url.render_as_string()} already holds tables of another program; give Lettrage its own database"
        )
        raise LedgerError(message)


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
