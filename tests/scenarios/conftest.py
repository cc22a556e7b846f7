"""The scenarios that run on PostgreSQL share the server of the ledger's tests."""

from tests.integrations.ledger.conftest import postgres

__all__ = ["postgres"]
