"""What every service is told: for which company, on which day, in which run, and by which clock."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from integrations.ledger.records import ActorKind, Change


class Tell(Protocol):
    """How long work reports: what is being done, how much of how much (None where unknown)."""

    def __call__(self, step: str, done: int, total: int | None) -> None:
        """Report progress."""
        ...


def in_silence(step: str, done: int, total: int | None) -> None:
    """Reports nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of a service.

    ``as_of`` is the business day that counts as today; ``clock`` gives the present moment (aware UTC) for the audit
    trail and for leases; ``run_id`` links everything that is written to the run, for example Dagster's.
    """

    as_of: date
    clock: Callable[[], datetime]
    run_id: str = ""
    tell: Tell = field(default=in_silence)

    def change(self, kind: ActorKind, actor: str, reason: str = "") -> Change:
        """Who changes something now, and why."""
        return Change(actor_kind=kind, actor=actor, at=self.clock(), run_id=self.run_id, reason=reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Some input that was set aside, for people: where it stands, and what to do about it."""

    where: str
    message: str
    raw: str = ""

    def __str__(self) -> str:
        return self.message if self.where in self.message else f"{self.where}: {self.message}"
