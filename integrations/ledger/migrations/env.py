"""Alembic's entry point; the connection to upgrade is handed over by `integrations.ledger.upgrade`."""

from alembic import context

from integrations.ledger.schema import metadata


def run(config: object) -> None:
    """Run the revisions; the caller holds the transaction, so that upgrade and lock begin and end together."""
    context.configure(connection=config.attributes["connection"], target_metadata=metadata)  # type: ignore[attr-defined]
    context.run_migrations()


# Imported by anything but Alembic (a doctest collector), there is nothing to run.
if hasattr(context, "config"):
    run(context.config)
