"""The world while it is being made: free items, payments written so far, and their truth."""

import random
from collections import deque
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from benchmarks.matching.numbering import Series
from benchmarks.matching.people import Debtor
from benchmarks.matching.texts import BOILERPLATE
from benchmarks.matching.wire import carry_name, carry_text
from benchmarks.matching.world import Outcome, TrueItem, Truth
from matching.model.open_item import OpenItem
from matching.model.payment import Payment, PaymentReference

HOUSE_ACCOUNT = "DE44500105175407324931"
SECOND_HOUSE_ACCOUNT = "NL91ABNA0417164300"


class Draft:
    """Hands out each open item once and writes payments with their truth."""

    def __init__(self, chance: random.Random, as_of: date, debtors: list[Debtor], series: list[Series], noise: float):
        self.chance = chance
        self.as_of = as_of
        self.debtors = debtors
        self.by_id = {debtor.customer_id: debtor for debtor in debtors}
        self.names = {debtor.name for debtor in debtors}
        self.series = series
        self.noise = noise
        self.used: set[str] = set()
        self.locked: set[str] = set()
        self.rows: list[tuple[Payment, Truth]] = []
        cards = [(debtor, item) for debtor in debtors for item in debtor.items]
        chance.shuffle(cards)
        self.deck = deque(cards)

    def deal(self) -> tuple[Debtor, OpenItem]:
        """A free item from the shuffled deck, with its customer; the deck is turned over when it runs out."""
        for _ in range(len(self.deck)):
            debtor, item = self.deck.pop()
            if item.item_id not in self.used and debtor.customer_id not in self.locked:
                self.deck.appendleft((debtor, item))
                return debtor, item
        message = "no open item is left for another payment; ask for more items or fewer payments"
        raise ValueError(message)

    def day(self, item: OpenItem | None = None) -> date:
        """A booking day of the batch: one of the last five days, never before the item was issued."""
        booked = self.as_of - timedelta(days=self.chance.choice((0, 0, 0, 0, 1, 1, 2, 3, 4)))
        return max(booked, item.issued_on) if item else booked

    def free(self, debtor: Debtor, *, by: date) -> list[OpenItem]:
        """The customer's items that no payment of the batch has taken and that existed on that day."""
        if debtor.customer_id in self.locked:
            return []
        return [item for item in debtor.items if item.item_id not in self.used and item.issued_on <= by]

    def untouched(self, debtor: Debtor) -> bool:
        """Whether no payment of the batch has taken an item of this customer yet."""
        return debtor.customer_id not in self.locked and not any(item.item_id in self.used for item in debtor.items)

    def text(self, debtor: Debtor, words: str) -> str:
        """The payer's words with the bank's boilerplate and the payer's own numbers around them."""
        chance = self.chance
        if chance.random() < 0.22 * self.noise:
            words = chance.choice(BOILERPLATE[debtor.language]) + words
        if chance.random() < 0.15 * self.noise:
            own = chance.choice(
                (
                    f" DOC {chance.randrange(10**9, 10**10)}",
                    f" {chance.randrange(1, 29):02d}.{chance.randrange(1, 13):02d}.2026",
                    f" ZR{chance.randrange(1000, 9999)}",
                    f" Tel {chance.randrange(10**8, 10**9)}",
                    " MwSt 19%",
                )
            )
            words = words + own
        return words

    def parts(self, debtor: Debtor, item: OpenItem) -> dict[str, str]:
        """What phrases may be filled with beside the number: the document's date and the customer number."""
        pattern = self.chance.choice(("%d.%m.%Y", "%d.%m.%y", "%d/%m/%Y", "%Y-%m-%d", "%d-%m-%Y"))
        return {"date": item.issued_on.strftime(pattern), "c": debtor.customer_id}

    def emit(
        self,
        kind: str,
        debtor: Debtor,
        amount: int,
        words: str,
        items: Iterable[TrueItem] = (),
        *,
        booked: date,
        payer: tuple[str, str] | None = None,
        outcome: Outcome = "settle",
        exception_kinds: tuple[str, ...] = (),
        references: tuple[PaymentReference, ...] = (),
        plain: bool = False,
        **fields: Any,
    ) -> str:
        """Write one payment as the payer's bank delivers it, take its items, and return its id."""
        chance = self.chance
        name, account = payer if payer is not None else (debtor.trade_name or debtor.name, debtor.iban)
        remittance, lines = carry_text(chance, debtor.wire, words if plain else self.text(debtor, words))
        number = len(self.rows)
        settled = tuple(items)
        self.used.update(item.item_id for item in settled)
        payment_id = f"p{chance.getrandbits(40):010x}{number:06d}"
        row: dict[str, Any] = {
            "payment_id": payment_id,
            "account": HOUSE_ACCOUNT,
            "currency": "EUR",
            "amount": amount,
            "booked_on": booked,
            "valued_on": booked,
            "bank_reference": f"B{chance.getrandbits(44):012x}".upper(),
            "end_to_end_id": chance.choice(("NOTPROVIDED", "NOTPROVIDED", "", f"E2E{chance.randrange(10**8)}")),
            "payer_name": carry_name(chance, debtor.wire, name),
            "payer_account": "" if debtor.wire == "ofx" or chance.random() < 0.04 else account,
            "remittance": remittance,
            "remittance_lines": lines,
            "references": references,
            "transaction_code": "PMNT/RCDT/ESCT" if debtor.wire == "camt" else "NTRF",
        }
        row.update(fields)
        truth = Truth(
            payment_id=payment_id,
            kind=kind,
            outcome=outcome,
            customer_id=debtor.customer_id if settled else "",
            items=settled,
            exception_kinds=exception_kinds,
        )
        self.rows.append((Payment(**row), truth))
        return payment_id


def in_full(item: OpenItem) -> TrueItem:
    """The item's whole open amount in cash."""
    return TrueItem(item_id=item.item_id, cash=item.open_amount)
