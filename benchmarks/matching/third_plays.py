"""What happens on the third world's account, and in what shares (judgement)."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from benchmarks.matching.people import make_iban
from benchmarks.matching.world import TrueItem, Truth
from matching.model.open_item import OpenItem
from matching.model.payment import Payment, RemittanceDocument

AS_OF = date(2026, 11, 6)
HOUSE = "PL61109010140000071219812874"
_WORD = ("faktura", "FV", "fv nr", "invoice", "inv", "zapłata za", "payment for", "nr")
_JUNK = (
    "umowa 2024/{a}",
    "NIP 525{b}",
    "VAT GB{b}",
    "tel. +48 22 {b}",
    "contract {a}/26",
    "zam. {b}",
    "dep. {a}",
    "ref. own {b}",
)


@dataclass(slots=True)
class House:
    """A customer: names, account, what the ERP knows of it, and whose money it really is."""

    key: str
    name: str
    shown: str
    iban: str
    known: bool
    style: int
    prices: tuple[int, ...]
    terms: int
    parent: str
    open: list[OpenItem] = field(default_factory=list)
    done: list[OpenItem] = field(default_factory=list)


class Desk:
    """Writes payments and remembers what is taken."""

    def __init__(self, dice: random.Random, houses: list[House]) -> None:
        self.dice, self.houses = dice, houses
        self.by_key = {house.key: house for house in houses}
        self.used: set[str] = set()
        self.shut: set[str] = set()
        self.rows: list[tuple[Payment, Truth]] = []

    def left(self, house: House) -> list[OpenItem]:
        return [] if house.key in self.shut else [one for one in house.open if one.item_id not in self.used]

    def debts(self, house: House) -> list[OpenItem]:
        return [one for one in self.left(house) if one.open_amount > 0]

    def pay(
        self,
        kind: str,
        house: House,
        amount: int,
        text: str,
        items: list[TrueItem],
        *,
        by: House | None = None,
        outcome: Any = "settle",
        kinds: tuple[str, ...] = ("ambiguous", "no_match"),
        **more: Any,
    ) -> bool:
        dice, payer = self.dice, by or house
        self.used |= {item.item_id for item in items}
        key = f"z{dice.getrandbits(52):013x}{len(self.rows)}"
        cut = dice.choice((35, 35, 140))
        text = text[: 4 * cut]
        lines = tuple(text[at : at + cut] for at in range(0, len(text), cut))
        row: dict[str, Any] = {
            "payment_id": key,
            "account": HOUSE,
            "currency": "EUR",
            "amount": amount,
            "booked_on": AS_OF - timedelta(days=dice.choice((0, 0, 1, 2))),
            "valued_on": None,
            "payer_name": (payer.shown or payer.name)[: dice.choice((35, 70))],
            "payer_account": payer.iban if dice.random() < 0.9 else "",
            "remittance": "".join(lines),
            "remittance_lines": lines,
            "bank_reference": f"{dice.getrandbits(40):x}",
        }
        row.update(more)
        truth = Truth(
            payment_id=key,
            kind=kind,
            outcome=outcome,
            customer_id=house.key if items else "",
            items=tuple(items),
            exception_kinds=kinds,
        )
        self.rows.append((Payment(**row), truth))
        return True


def _whole(item: OpenItem) -> TrueItem:
    return TrueItem(item_id=item.item_id, cash=item.open_amount)


def _quoted(desk: Desk, house: House, one: OpenItem) -> bool:
    return desk.pay("quoted", house, one.open_amount, f"{desk.dice.choice(_WORD)} {one.number}", [_whole(one)])


def _narrative(desk: Desk, house: House, one: OpenItem) -> bool:
    junk = [
        text.format(a=desk.dice.randrange(10, 999), b=desk.dice.randrange(10**6, 10**7))
        for text in desk.dice.sample(_JUNK, 3)
    ]
    junk.insert(desk.dice.randrange(4), f"{desk.dice.choice(_WORD)} {one.number}")
    return desk.pay("narrative", house, one.open_amount, ", ".join(junk), [_whole(one)])


def _clipped(desk: Desk, house: House, one: OpenItem) -> bool:
    """The running number with little around it, or with other marks between."""
    dice, number = desk.dice, one.number
    parts = number.replace("-", "/").split("/")
    end = parts[-1] if len(parts[-1]) > 3 else "/".join(parts[-2:])
    text = dice.choice(
        (
            "/".join(parts[:2]),
            end,
            number.replace("/", " "),
            number.replace("/", "").replace(" ", ""),
            number.replace("0", "O", 1),
            number.lower(),
        )
    )
    return text != number and desk.pay("clipped", house, one.open_amount, f"fv {text}", [_whole(one)])


def _slip(desk: Desk, house: House, one: OpenItem) -> bool:
    dice, number = desk.dice, one.number
    spots = [at for at, sign in enumerate(number) if sign.isdigit()]
    at = dice.choice(spots)
    wrong = number[:at] + dice.choice("0123456789".replace(number[at], "")) + number[at + 1 :]
    if any(other.number == wrong and other.open_amount == one.open_amount for other in house.open):
        return False
    return desk.pay(
        "slip",
        house,
        one.open_amount,
        f"{dice.choice(_WORD)} {wrong}",
        [_whole(one)],
        kinds=("ambiguous", "wrong_reference", "no_match", "payer_mismatch", "duplicate_payment"),
    )


def _list(desk: Desk, house: House, one: OpenItem) -> bool:
    debts = desk.debts(house)
    if len(debts) < 2:
        return False
    chosen = desk.dice.sample(debts, min(len(debts), desk.dice.choice((2, 3, 4, 6, 10))))
    text = desk.dice.choice(("; ", ", ", " ", " i ", " and ")).join(item.number for item in chosen)
    return desk.pay("list", house, sum(item.open_amount for item in chosen), text, [_whole(item) for item in chosen])


def _advice(desk: Desk, house: House, one: OpenItem) -> bool:
    debts = desk.debts(house)
    if len(debts) < 3:
        return False
    documents = tuple(
        RemittanceDocument(
            type="CINV",
            number=item.number,
            remitted=item.open_amount,
            discount=None,
            adjustment=None,
            adjustment_reason=None,
        )
        for item in debts
    )
    return desk.pay(
        "advice",
        house,
        sum(item.open_amount for item in debts),
        "see advice",
        [_whole(item) for item in debts],
        documents=documents,
    )


def _mute(desk: Desk, house: House, one: OpenItem) -> bool:
    if sum(other.open_amount == one.open_amount for other in house.open) > 1:
        return False
    kind = "mute_account" if house.known else "mute_name"
    return desk.pay(
        kind,
        house,
        one.open_amount,
        desk.dice.choice(("", "przelew", "transfer", "/")),
        [_whole(one)],
        kinds=("ambiguous", "no_match", "unknown_payer"),
    )


def _statement(desk: Desk, house: House, one: OpenItem) -> bool:
    """The total of the statement of account at the end of last month, credit notes taken off."""
    end = AS_OF.replace(day=1) - timedelta(days=1)
    listed = [item for item in house.open if item.issued_on <= end]
    total = sum(item.open_amount for item in listed)
    if not house.known or len(listed) < 2 or total <= 0 or len(desk.left(house)) != len(house.open):
        return False
    desk.shut.add(house.key)
    text = desk.dice.choice((f"statement {end:%d/%m/%Y}", f"saldo na {end:%d.%m.%Y}", ""))
    return desk.pay("statement", house, total, text, [_whole(item) for item in listed])


def _part(desk: Desk, house: House, one: OpenItem) -> bool:
    cash = one.open_amount * desk.dice.choice((25, 50, 75)) // 100
    return one.open_amount > 40_000 and desk.pay(
        "part",
        house,
        cash,
        f"{one.number} zaliczka / part payment",
        [TrueItem(item_id=one.item_id, cash=cash)],
        kinds=("short_payment", "ambiguous"),
    )


def _short(desk: Desk, house: House, one: OpenItem) -> bool:
    cash = one.open_amount - desk.dice.randrange(300, 9_000)
    reason = desk.dice.choice(("less returns", "reklamacja", "damaged pallet", "wg noty", "price query"))
    return cash > 20_000 and desk.pay(
        "short",
        house,
        cash,
        f"{one.number} {reason}",
        [TrueItem(item_id=one.item_id, cash=cash)],
        kinds=("short_payment", "ambiguous", "credit_note_unclear"),
    )


def _excess(desk: Desk, house: House, one: OpenItem) -> bool:
    return desk.pay(
        "excess",
        house,
        one.open_amount + desk.dice.choice((1_000, 4_500)),
        f"inv {one.number}",
        [_whole(one)],
        kinds=("over_payment", "ambiguous"),
    )


def _netted(desk: Desk, house: House, one: OpenItem) -> bool:
    notes = [item for item in desk.left(house) if 0 < -item.open_amount < one.open_amount]
    if not notes:
        return False
    told = desk.dice.random() < 0.6
    text = f"{one.number} korekta {notes[0].number}" if told else one.number
    return desk.pay(
        "netted" if told else "netted_mute",
        house,
        one.open_amount + notes[0].open_amount,
        text,
        [_whole(one), _whole(notes[0])],
        kinds=("credit_note_unclear", "short_payment", "ambiguous"),
    )


def _parent(desk: Desk, house: House, one: OpenItem) -> bool:
    return bool(house.parent) and desk.pay(
        "parent",
        house,
        one.open_amount,
        one.number,
        [_whole(one)],
        by=desk.by_key[house.parent],
        kinds=("payer_mismatch", "ambiguous"),
    )


def _stranger(desk: Desk, house: House, one: OpenItem) -> bool:
    """Somebody unknown pays and gives number and customer; only numbers that no other customer has are clear."""
    other = House("", "Jan Kowalczyk", "Jan Kowalczyk", make_iban(desk.dice, "PL"), False, 0, (), 0, "")
    return house.style != 4 and desk.pay(
        "stranger",
        house,
        one.open_amount,
        f"{one.number} {house.name}",
        [_whole(one)],
        by=other,
        kinds=("unknown_payer", "payer_mismatch"),
    )


def _early(desk: Desk, house: House, one: OpenItem) -> bool:
    if one.discount_until is None or one.discount_until < AS_OF:
        return False
    true = TrueItem(item_id=one.item_id, cash=one.open_amount - one.discount_amount, discount=one.discount_amount)
    return desk.pay("early", house, true.cash, one.number, [true], kinds=("short_payment",))


# -- Not to be posted ------------------------------------------------------------------------------------------


def _again(desk: Desk, house: House, one: OpenItem) -> bool:
    done = [
        item
        for item in house.done
        if item.original_amount > 0 and item.settled_on and item.settled_on > AS_OF - timedelta(days=30)
    ]
    if not done or any(other.number == done[0].number for other in house.open):
        return False
    return desk.pay(
        "again",
        house,
        done[0].original_amount,
        f"FV {done[0].number}",
        [],
        outcome="abstain",
        kinds=("duplicate_payment", "no_match", "ambiguous"),
    )


def _advance(desk: Desk, house: House, one: OpenItem) -> bool:
    amount = desk.dice.randrange(11_111, 777_777)
    if amount in {item.open_amount for item in house.open}:
        return False
    return desk.pay(
        "advance",
        house,
        amount,
        f"zaliczka do oferty {desk.dice.randrange(100, 999)}/11/2026",
        [],
        outcome="abstain",
        kinds=("no_match", "ambiguous", "wrong_reference"),
    )


def _foreign(desk: Desk, house: House, one: OpenItem) -> bool:
    other = desk.dice.choice(desk.houses)
    items = desk.debts(other)
    amount = desk.dice.randrange(5_003, 299_999)
    kin = {house.parent or house.key, house.key} & {other.parent or other.key, other.key}
    if (
        not items
        or kin
        or not house.known
        or other.style == 4
        or amount in {item.open_amount for item in (*house.open, items[0])}
    ):
        return False
    if items[0].number in {item.number for item in (*house.open, *house.done)}:
        return False
    return desk.pay(
        "foreign",
        house,
        amount,
        f"faktura {items[0].number}",
        [],
        outcome="abstain",
        payer_account=house.iban,
        kinds=("wrong_reference", "payer_mismatch", "no_match", "ambiguous"),
    )


def _returned(desk: Desk, house: House, one: OpenItem) -> bool:
    return desk.pay(
        "returned",
        house,
        -one.open_amount,
        f"zwrot {one.number}",
        [],
        outcome="abstain",
        return_reason="AC01",
        kinds=("returned_payment", "outgoing_unexplained"),
    )


def _payout(desk: Desk, house: House, one: OpenItem) -> bool:
    other = House("", "Stripe Technology Europe Ltd", "STRIPE", "", False, 0, (), 0, "")
    return desk.pay(
        "payout",
        house,
        desk.dice.randrange(30_000, 3_000_000),
        f"STRIPE PAYOUT po_{desk.dice.getrandbits(50):x}",
        [],
        by=other,
        outcome="abstain",
        kinds=("bulk_without_remittance", "unknown_payer", "no_match"),
    )


def _bank(desk: Desk, house: House, one: OpenItem) -> bool:
    nobody = House("", "", "", "", False, 0, (), 0, "")
    value, text, code = desk.dice.choice(
        (
            (-950, "opłata za prowadzenie rachunku", "PMNT/ACMT/CHRG"),
            (310, "odsetki", "ACMT/MCOP/INTR"),
            (-412_000, "wynagrodzenie 10/2026", "PMNT/ICDT/SALA"),
            (-88_000, "ZUS składki", "PMNT/ICDT/TAXS"),
        )
    )
    return desk.pay(
        "bank",
        house,
        value,
        text,
        [],
        by=nobody,
        outcome="ignore",
        transaction_code=code,
        kinds=("no_match", "unknown_payer", "outgoing_unexplained"),
    )


Play = Callable[[Desk, House, OpenItem], bool]
SHARES: tuple[tuple[Play, float], ...] = (
    (_quoted, 25), (_narrative, 12), (_clipped, 9), (_slip, 5), (_list, 13), (_advice, 1), (_mute, 10), (_statement, 3),
    (_part, 3), (_short, 3), (_excess, 1.5), (_netted, 2.5), (_parent, 2), (_stranger, 2), (_early, 2), (_again, 1.5),
    (_advance, 0.7), (_foreign, 1), (_returned, 0.4), (_payout, 0.4), (_bank, 2),
)  # fmt: skip
