"""How a look at one thing becomes a line of the check."""

from collections.abc import Callable

from integrations.erp.errors import ErpError
from integrations.erp.protocol import CheckResult, CheckStatus


def looked(name: str, look: Callable[[], str], otherwise: CheckStatus = "failed") -> CheckResult:
    """What a look found: its sentence, or the error's, which says what to do."""
    try:
        return CheckResult(name=name, status="ok", message=look())
    except ErpError as error:
        return CheckResult(name=name, status=otherwise, message=str(error))
