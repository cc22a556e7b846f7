"""What every connector to a server does alike: each question goes to the one who reads or the one who writes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from integrations.erp.checks import looked
from integrations.erp.errors import ConfigError
from integrations.erp.protocol import CheckResult, CheckStatus, Page, PostingPlan, RemotePosting, Tick
from matching.model.open_item import Customer, HouseAccount, OpenItem
from matching.model.posting import Posting


class Connection(Protocol):
    """The way to the server."""

    def close(self) -> None:
        """Let the connections go."""
        ...


class Reader(Protocol):
    """What can be read of one company; the names are those of the protocol, without the verb."""

    def open_items(self, cursor: str | None) -> Iterator[Page[OpenItem]]:
        """Everything open, or what changed since the cursor."""
        ...

    def customers(self, cursor: str | None) -> Iterator[Page[Customer]]:
        """The customers with their bank accounts."""
        ...

    def settled_items(self, since: date | None) -> Iterator[Page[OpenItem]]:
        """What was settled on or after a day."""
        ...

    def house_accounts(self) -> tuple[HouseAccount, ...]:
        """Our own bank accounts."""
        ...

    def open_keys(self) -> Iterator[str]:
        """The ids of all that is open."""
        ...

    def items(self, item_ids: Sequence[str]) -> Mapping[str, OpenItem]:
        """The items as they are now."""
        ...


class Poster(Protocol):
    """What can be written for one company."""

    def find(self, key: str) -> RemotePosting | None:
        """What the ERP holds under a posting key."""
        ...

    def apply(self, posting: Posting, tick: Tick) -> RemotePosting:
        """Bring the ERP to what the posting says; it is read first in any case."""
        ...

    def reverse(self, key: str, reason: str, on: date) -> RemotePosting:
        """Take a posting back."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One thing to be looked at by `check`; what it means when it is not in order."""

    name: str
    at: Callable[[], str]
    otherwise: CheckStatus = "failed"


class RemoteConnector:
    """The part of `Connector` that is the same for all servers; capabilities, plan, notes and looks are each one's own.

    The first look is at the sign-in: when it fails, the others would only repeat it.
    """

    def __init__(self, connection: Connection, reader: Reader, poster: Poster) -> None:
        self._connection = connection
        self._reading = reader
        self._posting = poster

    def looks(self) -> tuple[Look, ...]:
        """What `check` looks at, the sign-in first."""
        raise NotImplementedError

    def check(self) -> tuple[CheckResult, ...]:
        """Look at everything that is needed before the first push; the whole list at once."""
        first, *others = self.looks()
        found = [looked(first.name, first.at, first.otherwise)]
        if found[0].status != "failed":
            found += [looked(each.name, each.at, each.otherwise) for each in others]
        return tuple(found)

    def pull_open_items(self, cursor: str | None) -> Iterator[Page[OpenItem]]:
        """What is open, or what changed since the cursor."""
        return self._reading.open_items(cursor)

    def pull_customers(self, cursor: str | None) -> Iterator[Page[Customer]]:
        """The customers with their bank accounts."""
        return self._reading.customers(cursor)

    def pull_settled_items(self, since: date | None) -> Iterator[Page[OpenItem]]:
        """What was settled before."""
        return self._reading.settled_items(since)

    def house_accounts(self) -> tuple[HouseAccount, ...]:
        """Our own bank accounts."""
        return self._reading.house_accounts()

    def list_open_keys(self) -> Iterator[str]:
        """The ids of all that is open."""
        return self._reading.open_keys()

    def get_items(self, item_ids: Sequence[str]) -> Mapping[str, OpenItem]:
        """The items as they are now."""
        return self._reading.items(item_ids)

    def find(self, key: str) -> RemotePosting | None:
        """What stands under the key."""
        return self._posting.find(key)

    def apply(self, plan: PostingPlan, prior: RemotePosting | None, tick: Tick) -> RemotePosting:
        """Converge; the ERP is read first in any case, so ``prior`` may be out of date."""
        return self._posting.apply(plan.posting, tick)

    def reverse(self, key: str, reason: str, on: date) -> RemotePosting:
        """Take the posting back."""
        return self._posting.reverse(key, reason, on)

    def close(self) -> None:
        """Let the connections go."""
        self._connection.close()


def journal_of(account: str, journals: Mapping[str, str]) -> str:
    """The journal that a bank account's payments are booked in. Raises ConfigError when none is mapped.

    >>> journal_of("NL20INGB0001234567", {"NL20 INGB 0001 2345 67": "BANK"})
    'BANK'
    """
    wanted = "".join(account.split()).upper()
    found = next((code for number, code in journals.items() if "".join(number.split()).upper() == wanted), None)
    if found is None:
        message = f"no journal is mapped for bank account {account}; add it under journals"
        raise ConfigError(message)
    return found
