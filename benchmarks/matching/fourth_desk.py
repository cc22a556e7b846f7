"""The fourth world's bank counter: how words become a statement line, and what is taken already."""

import random
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from anyascii import anyascii

from benchmarks.matching.world import TrueItem, Truth
from matching.model.open_item import OpenItem
from matching.model.payment import Payment

AS_OF = date(2026, 11, 12)
HOUSE = "NO9386011117947"

BILL = {
    "NO": "Faktura|Fakturanr|Betaling faktura|fakt.nr", "SE": "Faktura|Fakturanr|Betalning|Avser faktura",
    "DK": "Faktura|Fakt. nr.|Betaling af|Vedr. faktura", "FI": "Lasku|Laskunro|Maksu lasku|Lasku nro",
    "PL": "Faktura|FV|Zapłata za fv|nr fv", "CZ": "Faktura|Platba fa|Úhrada fa č.|VS",
    "PT": "Fatura|Pagamento fatura|Fact. n.º|V/ fatura", "ES": "Factura|Pago factura|Fra.|N/ pago fra.",
}  # fmt: skip
FRILLS = (
    "tlf {p}", "tel. {p}", "kundenr {k}", "asiakasnro {k}", "cliente {k}", "org.nr 9{p}", "NIF 50{p}", "IČO {p}",
    "{z} {t}", "KS 0308", "SS {k}", "ref {r}", "{d}", "moms 25%", "bel. {a}", "EUR {a}", "uke {w}", "s.{w}",
)  # fmt: skip
_TOWNS = ("Bergen", "Malmö", "Aarhus", "Tampere", "Poznań", "Brno", "Porto", "Sevilla")
_LETTERS = str.maketrans({"ø": "oe", "Ø": "OE", "å": "aa", "Å": "AA", "ä": "ae", "Ä": "AE", "ö": "oe", "Ö": "OE"})


@dataclass(slots=True)
class Trader:
    """A customer of the fourth world, with what the ERP does not know."""

    key: str
    name: str
    country: str
    iban: str
    known: bool
    style: int
    habit: str
    flat: int
    terms: int
    parent: str
    factors: tuple[str, ...]
    open: list[OpenItem] = field(default_factory=list)
    done: list[OpenItem] = field(default_factory=list)


class Counter:
    """Writes payments with their truth; every open item is paid by one play at most."""

    def __init__(self, dice: random.Random, traders: list[Trader]) -> None:
        self.dice, self.traders = dice, traders
        self.used: set[str] = set()
        self.rows: list[tuple[Payment, Truth]] = []
        self.by_number: dict[str, list[OpenItem]] = {}
        for trader in traders:
            for item in (*trader.open, *trader.done):
                self.by_number.setdefault(item.number, []).append(item)

    def debts(self, trader: Trader) -> list[OpenItem]:
        return [one for one in trader.open if one.item_id not in self.used and one.open_amount > 0]

    def has_amount(self, trader: Trader, amount: int) -> bool:
        """Whether one of the trader's open items could be paid with the amount."""
        return any(amount in {one.open_amount, one.open_amount - one.discount_amount} for one in trader.open)

    def word(self, trader: Trader) -> str:
        return self.dice.choice(BILL[trader.country].split("|"))

    def frills(self, trader: Trader, amount: int, count: int) -> list[str]:
        """What else stands in a narrative: telephones, towns with postcode, customer numbers, dates, the amount."""
        dice = self.dice
        return [
            form.format(
                p=dice.randrange(10**7, 10**8), k=trader.key, z=dice.randrange(1_000, 9_999), t=dice.choice(_TOWNS),
                r=dice.randrange(100, 99_999), d=f"{AS_OF - timedelta(days=dice.randrange(40)):%d.%m.%Y}",
                a=f"{amount // 100}.{amount % 100:02d}", w=dice.randrange(1, 52),
            )
            for form in dice.sample(FRILLS, count)
        ]  # fmt: skip

    def pay(
        self,
        kind: str,
        trader: Trader,
        amount: int,
        text: str,
        items: list[TrueItem] | None = None,
        *,
        outcome: Any = "settle",
        kinds: tuple[str, ...] = (),
        **fields: Any,
    ) -> bool:
        """Write one payment; what is given in ``fields`` stands as it is."""
        dice, settled = self.dice, tuple(items or ())
        self.used.update(one.item_id for one in settled)
        key = f"q{dice.getrandbits(48):012x}{len(self.rows)}"
        lines = _carried(dice, text)
        row: dict[str, Any] = {
            "payment_id": key,
            "account": HOUSE,
            "currency": "EUR",
            "amount": amount,
            "booked_on": AS_OF - timedelta(days=dice.choice((0, 0, 0, 1, 2))),
            "valued_on": None,
            "payer_name": _name(dice, trader.name),
            "payer_account": trader.iban if dice.random() < 0.88 else "",
            "remittance": dice.choice(("", " ")).join(lines),
            "remittance_lines": lines,
            "bank_reference": f"{dice.getrandbits(44):x}",
        }
        row.update(fields)
        truth = Truth(
            payment_id=key,
            kind=kind,
            outcome=outcome,
            customer_id=trader.key if settled else "",
            items=settled,
            exception_kinds=kinds,
        )
        self.rows.append((Payment(**row), truth))
        return True


def _carried(dice: random.Random, text: str) -> tuple[str, ...]:
    """Cut as the banks cut: 27 columns in capitals, one or four lines of 35, 70, or SEPA's 140 characters."""
    width, most = dice.choice(((27, 6), (35, 1), (35, 4), (35, 4), (70, 2), (140, 1), (140, 1)))
    if width == 27 or dice.random() < 0.3:
        text = anyascii(text.translate(_LETTERS) if dice.random() < 0.5 else text).upper()
    text = text[: width * most]
    return tuple(text[at : at + width] for at in range(0, len(text), width))


def _name(dice: random.Random, name: str) -> str:
    width = dice.choice((24, 35, 70))
    roll = dice.random()
    if roll < 0.4:
        name = anyascii(name.translate(_LETTERS) if roll < 0.2 else name).upper()
    elif roll < 0.5:
        name = name.rsplit(" ", 1)[0]
    return name[:width].strip()


def whole(item: OpenItem) -> TrueItem:
    """The item settled in full with cash."""
    return TrueItem(item_id=item.item_id, cash=item.open_amount)
