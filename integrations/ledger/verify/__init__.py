"""Recomputes every law over the whole ledger, read-only, from the rows themselves and never from a counter alone.

Each law is a function that yields its violations; each reads in one pass or a page at a time, so memory is bounded
whatever the ledger holds. The laws believe nothing that the schema already promises: a database whose constraints were
switched off, restored in part or edited by hand is what they are for.
"""

from collections.abc import Iterator

from sqlalchemy import Connection, select, text

from integrations.ledger import schema
from integrations.ledger.records import Violation
from integrations.ledger.verify import intake, money, outbox, trail

LAWS = (*intake.LAWS, *money.LAWS, *outbox.LAWS, *trail.LAWS)


def violations(connection: Connection, company: str | None) -> Iterator[Violation]:
    """Every violation, of one company or of all."""
    if connection.dialect.name == "postgresql":
        # The laws read whole tables; after a large import the planner does not know yet how large they are.
        connection.execute(text("SET LOCAL enable_nestloop = off"))
    table = schema.companies.c
    wanted = select(table.company_id).order_by(table.name)
    if company is not None:
        wanted = wanted.where(table.name == company)
    for company_id in list(connection.execute(wanted).scalars()):
        for law in LAWS:
            yield from law(connection, company_id)
