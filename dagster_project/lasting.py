"""Trouble that no second try mends fails a step at once; whatever may pass is tried again."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from integrations.config.load import ConfigurationError
from integrations.erp.errors import ErpError
from integrations.ledger.errors import LedgerTooNew, LedgerTooOld


@contextmanager
def told_at_once() -> Iterator[None]:
    """People hear of a missing file, right, secret or mapping now, not after minutes spent waiting for an outage."""
    try:
        yield
    except ErpError as error:
        if error.advice != "ask":
            raise
        raise dg.Failure(description=str(error), allow_retries=False) from error
    except (ConfigurationError, LedgerTooNew, LedgerTooOld) as error:
        raise dg.Failure(description=str(error), allow_retries=False) from error
