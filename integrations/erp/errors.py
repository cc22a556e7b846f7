"""What can go wrong with an ERP, named by what to do next.

Every error says one of three things: *retry* later without a person, *ask* a person, or *read again* and decide
from what the ERP holds now. Messages name what, where and the next step, and never hold a secret or a traceback of
the ERP. Catch `ErpError` and look at ``advice``; catch a subclass where the difference matters.
"""

# ruff: noqa: N818  -- these names are the taxonomy that outbox, services and pages speak; "Error" on each adds nothing.

from collections.abc import Sequence
from datetime import date
from typing import ClassVar, Literal

Advice = Literal["retry", "ask", "read_again"]
RateScope = Literal["minute", "day", "concurrent", "unknown"]


class ErpError(Exception):
    """Anything an ERP connector raises on purpose. ``advice`` says what the caller does next."""

    advice: ClassVar[Advice] = "ask"


# -- Ask a person: the connection, its rights or its mapping are wrong; nothing was written ----------------------


class AuthError(ErpError):
    """The ERP does not accept who we are: key revoked, password changed, token expired for good."""


class PermissionDenied(ErpError):
    """The ERP knows us but does not allow this; the message names the missing right where the ERP says it."""


class ConfigError(ErpError):
    """The mapping does not fit the ERP: a journal, account, field or variable that is not there."""


class UnusableFile(ErpError):
    """A file that is missing, has no header or lacks a required column; nothing of it was taken over."""

    def __init__(self, message: str, *, file: str, column: str = "") -> None:
        super().__init__(message)
        self.file = file
        self.column = column


class SnapshotRefused(ErpError):
    """A pull that claims to be complete is not: control totals differ, or it is older than the one before.

    Nothing of it may be believed, least of all that a missing item is settled.
    """


# -- Retry: nothing was written --------------------------------------------------------------------------------


class RateLimited(ErpError):
    """Too many requests. ``retry_after`` in seconds; scope ``day`` means: stop until the day's limit is new."""

    advice: ClassVar[Advice] = "retry"

    def __init__(self, message: str, *, retry_after: int | None = None, scope: RateScope = "unknown") -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.scope = scope


class Transient(ErpError):
    """The ERP or the way to it is down for the moment; the request is known to have had no effect."""

    advice: ClassVar[Advice] = "retry"


# -- Read again: the ERP may hold something we do not know ---------------------------------------------------------


class AmbiguousOutcome(ErpError):
    """A write was sent and no one knows whether it was done. Never send it again: `find` it first.

    ``settle_seconds`` is how long the ERP may still be working on it; a look before that proves nothing.
    """

    advice: ClassVar[Advice] = "read_again"

    def __init__(self, message: str, *, settle_seconds: int = 0) -> None:
        super().__init__(message)
        self.settle_seconds = settle_seconds


class ProtocolError(ErpError):
    """The ERP answered something that cannot be understood. After a write it is an AmbiguousOutcome instead."""


class Conflict(ErpError):
    """The ERP holds something else than we thought; decide anew from what it holds now."""

    advice: ClassVar[Advice] = "read_again"


class StaleItem(Conflict):
    """An open item changed between decision and posting: paid, credited, cancelled or partly paid elsewhere.

    Amounts are minor units of the item's currency; ``actual`` is None where the item is no longer there.
    """

    def __init__(self, message: str, *, item_id: str, expected: int | None = None, actual: int | None = None) -> None:
        super().__init__(message)
        self.item_id = item_id
        self.expected = expected
        self.actual = actual


class VersionMismatch(Conflict):
    """Someone else changed the ERP's record while we were changing it, or changed what we had posted."""


class AlreadyExists(Conflict):
    """The ERP already holds this posting key: with the same content it is done, with other content a person looks."""

    def __init__(self, message: str, *, key: str) -> None:
        super().__init__(message)
        self.key = key


class UnknownPosting(Conflict):
    """The ERP holds nothing under this key, so there is nothing to reverse."""


# -- Ask a person: the ERP says no to this one posting ---------------------------------------------------------------


class ValidationFailed(ErpError):
    """The ERP's own rules refuse the posting. ``field`` and ``code`` as far as the ERP names them."""

    def __init__(self, message: str, *, field: str = "", code: str = "") -> None:
        super().__init__(message)
        self.field = field
        self.code = code


class LockedPeriod(ErpError):
    """The posting date is in a closed period. ``first_open`` is offered, never used without a person."""

    def __init__(self, message: str, *, on: date, first_open: date | None = None) -> None:
        super().__init__(message)
        self.on = on
        self.first_open = first_open


class Unsupported(ErpError):
    """This ERP cannot do what is asked; raised before anything is sent. ``capability`` names the missing one."""

    def __init__(self, message: str, *, capability: str) -> None:
        super().__init__(message)
        self.capability = capability


class PartialFailure(ErpError):
    """Some steps of a posting are in the ERP's books and the rest was refused.

    What is booked is safe: money on account, nothing lost. A person decides about the rest. ``done`` and ``failed``
    are sentences.
    """

    def __init__(self, message: str, *, done: Sequence[str], failed: Sequence[str]) -> None:
        super().__init__(message)
        self.done = tuple(done)
        self.failed = tuple(failed)
