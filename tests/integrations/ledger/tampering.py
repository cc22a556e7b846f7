"""Changing a ledger behind its back: with raw SQL, and where wanted with every safeguard of the schema switched off."""

from sqlalchemy import Connection, create_engine, text

from integrations.ledger.database import database_url


def raw(url: str, *statements: str) -> None:
    """Plain SQL as any other program could send it: constraints and triggers in force, one transaction."""
    engine = create_engine(database_url(url))
    try:
        with engine.begin() as connection:
            if engine.dialect.name == "sqlite":
                connection.exec_driver_sql("PRAGMA foreign_keys = ON")
            for statement in statements:
                connection.exec_driver_sql(statement)
    finally:
        engine.dispose()


def tamper(url: str, *statements: str) -> None:
    """SQL with every safeguard switched off, as a restored or hand-edited database may have seen it."""
    engine = create_engine(database_url(url))
    try:
        with engine.connect() as connection:
            unguard = _unguard_sqlite if engine.dialect.name == "sqlite" else _unguard_postgresql
            unguard(connection)
            for statement in statements:
                changed = connection.exec_driver_sql(statement)
                assert changed.rowcount != 0, f"nothing was tampered with: {statement}"
            connection.commit()
    finally:
        engine.dispose()


def _unguard_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
    connection.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
    names = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
    for name in names:
        connection.exec_driver_sql(f"DROP TRIGGER {name}")
    connection.exec_driver_sql("DROP INDEX uq_decisions_one_live")


def _unguard_postgresql(connection: Connection) -> None:
    connection.execute(text("SET session_replication_role = replica"))
    checks = connection.execute(
        text("SELECT conrelid::regclass, conname FROM pg_constraint WHERE contype = 'c' AND conrelid <> 0")
    ).all()
    own = [(table, name) for table, name in checks if name.startswith("ck_")]
    for table, name in own:
        connection.execute(text(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"'))
    connection.execute(text("DROP INDEX uq_decisions_one_live"))
