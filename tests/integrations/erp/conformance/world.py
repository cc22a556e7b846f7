"""What the conformance suite needs from an ERP under test, and how calls to it are interrupted.

A *world* is a running ERP with a company in it: a real server, a stand-in, a database or a folder. The suite asks the
world for new connectors (a new one stands for a new process), sets the scene in the ERP without the connector, and
looks at the books without the connector. To test a connector of your own, write one and run

    pytest tests/integrations/erp/conformance --connector your_package.your_module:YourWorld
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal, Protocol

from integrations.erp.protocol import Connector, PostingPlan, RemotePosting
from matching.model.posting import PostedAllocation, Posting

Moment = Literal["before", "after"]


class Killed(BaseException):
    """The process dies here: nothing may catch it."""


@dataclass
class Interrupt:
    """Counts the calls a connector makes to its ERP and strikes at one of them.

    ``at`` counts from 1; ``how``: ``kill`` (the process dies), ``lost`` (the connection breaks; before: nothing was
    sent, after: the answer never comes), ``garble`` (the answer cannot be read). ``struck`` tells whether it happened.
    """

    at: int = 0
    moment: Moment = "after"
    how: Literal["kill", "lost", "garble"] = "kill"
    calls: int = 0
    writes: int = 0
    struck: bool = False
    log: list[str] = field(default_factory=list)

    def strikes(self, moment: Moment) -> bool:
        """To be asked around every call, `before` first; the world acts on the answer."""
        if moment == "before":
            self.calls += 1
        if self.calls == self.at and moment == self.moment and not self.struck:
            self.struck = True
            return True
        return False


class World(Protocol):
    """A running ERP with one company, one bank account (`account`) and nothing open."""

    name: str
    # The bank account that postings name, known to the ERP's mapping.
    account: str
    # Case name -> why it does not apply here, beyond what the capabilities say.
    not_applicable: Mapping[str, str]
    # Stops are tried at every call (1), or at every so many where a sibling world already tries them all.
    stride: int
    # The same for lost and garbled answers.
    stride_lost: int

    def connector(self, interrupt: Interrupt | None = None) -> Connector:
        """A new connector, as a new process would make it."""

    def add_customer(self, name: str, *, iban: str = "") -> str:
        """A customer; returns its id as the connector shows it."""

    def add_item(
        self,
        number: str,
        amount: int,
        *,
        customer_id: str,
        kind: str = "invoice",
        currency: str = "EUR",
        issued_on: date = date(2026, 10, 1),
        due_on: date = date(2026, 10, 31),
        discount: tuple[date, int] | None = None,
    ) -> str:
        """An open item over ``amount`` minor units (negative for credit); returns its id as the connector shows it."""

    # Optional, each for the cases that need it:
    # number_of(item_id): where the ERP gives documents other numbers than `add_item` was asked for.
    # small_pages(rows): the ERP answers with so many rows at a time from now on.
    # same_moment(): whatever changes from now on changes at one and the same moment.
    # edit_outside(key): a person changes the amount of what was posted under the key.
    # confirm_outside(key), refuse_outside(key): the ERP answers what was only handed over; a refusal says that the
    # customer is blocked.
    # foreign_account(currency): a bank account of ours in that currency, whose rate has moved since the invoices.
    # set_clock_back(): the hour that a clock on local time repeats in autumn begins anew.
    # unmatch_outside(key, item_id): a person takes the match of the item with what was posted under the key apart.
    # pulls_currencies: true where items in other currencies are pulled although payments in them cannot be posted.

    def open_amount(self, item_id: str) -> int:
        """What the ERP's books say is open of an item, read without the connector; 0 when it is not open."""

    def cash_booked(self) -> int:
        """What the ERP's books say came in on the bank account, read without the connector."""

    def pay_outside(self, item_id: str, amount: int) -> None:
        """Someone else books a payment on the item in the ERP."""

    def cancel_outside(self, item_id: str) -> None:
        """Someone else cancels the item in the ERP."""

    def lock_until(self, day: date) -> None:
        """Someone closes the books up to and including the day."""

    def close(self) -> None:
        """Put everything away."""


def settle(item_id: str, cash: int, **more: object) -> PostedAllocation:
    """An allocation whose expectation is what the item has open in total unless said otherwise."""
    discount, write_off = int(more.get("discount", 0)), int(more.get("write_off", 0))
    return PostedAllocation(
        item_id=item_id,
        number=str(more.get("number", item_id)),
        customer_id=str(more.get("customer_id", "")),
        cash=cash,
        discount=discount,
        write_off=write_off,
        write_off_reason="tolerance" if write_off else "",
        expected_open=int(more.get("expected_open", cash + discount + write_off)),
    )


def decide(
    world: World,
    key: str,
    *allocations: PostedAllocation,
    on_account: int = 0,
    customer_id: str = "",
    booked_on: date = date(2026, 11, 20),
    bank_reference: str = "BR-1",
    revision: int = 1,
    currency: str = "EUR",
) -> Posting:
    """A decided payment on the world's bank account; items carry the numbers that the ERP has given them."""
    number_of = getattr(world, "number_of", None)
    if number_of is not None:
        allocations = tuple(replace(each, number=number_of(each.item_id)) for each in allocations)
    return Posting(
        # A real server remembers the keys of earlier runs: its world marks them with something new.
        key=(key.upper().replace("-", "") + getattr(world, "mark", "")).ljust(16, "Q")[:16],
        revision=revision,
        company="acme",
        payment_id=f"payment-{key}",
        account=world.account,
        bank_reference=bank_reference,
        end_to_end_id="E2E-1",
        booking_date=booked_on,
        value_date=booked_on,
        currency=currency,
        amount=sum(each.cash for each in allocations) + on_account,
        payer_name="Müller & Söhne KG",
        payer_account="NL91ABNA0417164300",
        remittance="thanks for the good delivery",
        allocations=allocations,
        on_account=on_account,
        on_account_customer_id=customer_id if on_account else "",
        status="posted",
        confidence=0.9999,
        rule="by_document_number",
        explanation="The remittance quotes the number of the invoice.",
    )


def push(connector: Connector, posting: Posting) -> RemotePosting:
    """What the outbox does for a posting: plan, find, apply."""
    plan: PostingPlan = connector.plan(posting)
    return connector.apply(plan, connector.find(posting.key), lambda _step: None)
