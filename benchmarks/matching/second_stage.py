"""Where the second world's payments are written: the bank's hand on the payer's words."""

import random
from collections.abc import Iterable
from datetime import date, timedelta
from itertools import accumulate
from typing import Any

from anyascii import anyascii

from benchmarks.matching.second_people import Party
from benchmarks.matching.world import TrueItem, Truth
from matching.model.open_item import OpenItem
from matching.model.payment import Payment

MONTHS = {
    "nl": "januari februari maart april mei juni juli augustus september oktober november december".split(),
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember".split(),
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split(),
    "en": "January February March April May June July August September October November December".split(),
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre".split(),
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre".split(),
}
WORDS = {
    "nl": {"bill": "nota", "bills": "nota's", "rent": "huur", "part": "deel", "less": "minus",
           "kept": "garantie inhouding", "order": "inkooporder", "credit": "creditnota", "own": "onze ref"},
    "de": {"bill": "Rechnung", "bills": "Belege", "rent": "Miete", "part": "Rate", "less": "abzüglich",
           "kept": "Sicherheitseinbehalt", "order": "Bestellnr", "credit": "Gutschrift", "own": "unser Zeichen"},
    "fr": {"bill": "facture", "bills": "factures", "rent": "loyer", "part": "acompte", "less": "moins",
           "kept": "retenue de garantie", "order": "commande", "credit": "avoir", "own": "notre réf"},
    "en": {"bill": "bill", "bills": "bills", "rent": "rent", "part": "instalment", "less": "less", "kept": "retention",
           "order": "order", "credit": "credit", "own": "our ref"},
    "es": {"bill": "factura", "bills": "facturas", "rent": "alquiler", "part": "pago parcial", "less": "menos",
           "kept": "retención garantía", "order": "pedido", "credit": "abono", "own": "n/ref"},
    "it": {"bill": "fattura", "bills": "fatture", "rent": "affitto", "part": "acconto", "less": "meno",
           "kept": "ritenuta garanzia", "order": "ordine", "credit": "nota credito", "own": "ns rif"},
}  # fmt: skip


class Stage:
    """Keeps what is still free to be paid, and writes payments with their truth."""

    def __init__(self, dice: random.Random, today: date, house: str, parties: list[Party]) -> None:
        self.dice = dice
        self.today = today
        self.house = house
        self.parties = parties
        self.taken: set[str] = set()
        self.silent: set[str] = set()
        self.written: list[tuple[Payment, Truth]] = []
        self.weights = list(accumulate(len(party.open) for party in parties))

    def someone(self) -> Party:
        """A debtor, the likelier the more they owe documents."""
        return self.dice.choices(self.parties, cum_weights=self.weights)[0]

    def unpaid(self, party: Party, *, credit: bool = False) -> list[OpenItem]:
        """What nobody has paid in this batch yet; nothing for a debtor whose account one payment spoke for."""
        if party.key in self.silent:
            return []
        return [one for one in party.open if one.item_id not in self.taken and (one.open_amount < 0) == credit]

    def one(self, party: Party) -> OpenItem | None:
        """One unpaid document, older ones first by inclination."""
        unpaid = sorted(self.unpaid(party), key=lambda one: (one.due_on, one.item_id))
        return unpaid[min(int(self.dice.expovariate(0.4)), len(unpaid) - 1)] if unpaid else None

    def word(self, party: Party, key: str) -> str:
        """The payer's word for a thing."""
        return WORDS[party.language][key]

    def write(
        self,
        kind: str,
        party: Party,
        amount: int,
        text: str,
        items: Iterable[TrueItem] = (),
        *,
        outcome: Any = "settle",
        kinds: tuple[str, ...] = ("ambiguous", "no_match"),
        when: date | None = None,
        payer: Party | None = None,
        **fields: Any,
    ) -> None:
        """One statement line. A third of the banks write capitals in lines of 35, one in five cuts at 70."""
        dice = self.dice
        sender = payer or party
        true = tuple(items)
        self.taken.update(item.item_id for item in true)
        habit = int(sender.key[1:]) // 7 % 5
        if dice.random() < 0.2 and text and outcome == "settle":
            text = f"{text} {self.word(party, 'own')} {dice.randrange(10**4, 10**7)}"
        lines: tuple[str, ...] = (text[:140],)
        if habit in {0, 1}:
            flat = anyascii(text).upper()[:140]
            lines = tuple(flat[at : at + 35] for at in range(0, len(flat), 35))
        elif habit == 2:
            lines = (text[:70],)
        name = sender.printed if dice.random() < 0.85 else sender.name
        booked = when or self.today - timedelta(days=dice.choice((0, 0, 0, 1, 1, 4)))
        payment_id = f"q{dice.getrandbits(48):012x}-{len(self.written)}"
        row: dict[str, Any] = {
            "payment_id": payment_id,
            "account": self.house,
            "currency": "EUR",
            "amount": amount,
            "booked_on": booked,
            "valued_on": booked if dice.random() < 0.8 else None,
            "bank_reference": f"{dice.getrandbits(50):X}",
            "payer_name": anyascii(name).upper()[:35] if habit in {0, 1} else name[:70],
            "payer_account": sender.account if dice.random() < 0.93 else "",
            "remittance": "".join(lines) if habit == 0 else " ".join(lines),
            "remittance_lines": tuple(line for line in lines if line),
            "transaction_code": dice.choice(("PMNT/RCDT/ESCT", "PMNT/RCDT/XBCT", "NTRF|166|GUTSCHRIFT")),
        }
        row.update(fields)
        truth = Truth(
            payment_id=payment_id,
            kind=kind,
            outcome=outcome,
            customer_id=party.key if true else "",
            items=true,
            exception_kinds=kinds,
        )
        self.written.append((Payment(**row), truth))
