"""The second world: the held-out measure. Other number schemes, texts, shares, customers and traps than the first.

Written to disagree with the first: numbers that restart every month and end in a date, customer numbers inside document
numbers, five-digit numbers, rents that are equal every month and told apart by a word, chains whose head pays for the
branches, amounts and purchase numbers among the references, numbers in the end-to-end id, five national reference
schemes. Nothing may be tuned to it; it is measured and gated only.
"""

import random
from calendar import monthrange
from collections import defaultdict
from datetime import date, timedelta

from stdnum import luhn
from stdnum.ch import esr

from benchmarks.matching import second_scenes, second_traps
from benchmarks.matching.second_people import Party, draw_parties
from benchmarks.matching.second_scenes import Scene
from benchmarks.matching.second_stage import Stage
from benchmarks.matching.world import World
from matching.model.open_item import HouseAccount, OpenItem
from matching.model.policy import History, Policy, Tolerance
from matching.references import fi_viitenumero, nl_betalingskenmerk

AS_OF = date(2026, 9, 15)
HOUSE = "NL20INGB0001234567"

# Share of each scene in per cent; judgement, not measured.
SHARES: tuple[tuple[Scene, float], ...] = (
    (second_scenes.slip, 16),
    (second_scenes.plain, 20),
    (second_scenes.sloppy, 9),
    (second_scenes.many, 14),
    (second_scenes.many_less_credit, 3),
    (second_scenes.listed_in_fields, 3),
    (second_scenes.rent_with_month, 5),
    (second_scenes.silent_single, 7),
    (second_scenes.silent_everything_due, 2.5),
    (second_scenes.head_pays, 3),
    (second_scenes.purchase_number, 2),
    (second_scenes.end_to_end, 1.5),
    (second_scenes.on_behalf, 1.5),
    (second_scenes.instalment, 2),
    (second_scenes.retention, 1.2),
    (second_scenes.rebate, 2.5),
    (second_scenes.charges, 1.2),
    (second_scenes.too_much, 1),
    (second_scenes.two_halves, 0.6),
    (second_traps.paid_before, 1.2),
    (second_traps.twice_today, 0.4),
    (second_traps.old_slip_new_amount, 0.5),
    (second_traps.before_the_invoice, 0.7),
    (second_traps.neighbours_number, 0.8),
    (second_traps.took_back, 0.4),
    (second_traps.card_settlement, 0.5),
    (second_traps.not_ours, 2),
)


def generate_second(payments: int, items: int, seed: int) -> World:
    """A world of about ``items`` open items and at least ``payments`` payments; the same arguments, the same world."""
    dice = random.Random(f"second {payments} {items} {seed}")
    parties = draw_parties(dice, max(12, items // 22))
    _bill(dice, parties, items)
    stage = Stage(dice, AS_OF, HOUSE, parties)
    scenes = [scene for scene, _ in SHARES]
    shares = [share for _, share in SHARES]
    while len(stage.written) < payments:
        scene = dice.choices(scenes, shares)[0]
        for _ in range(300):
            if scene(stage, stage.someone()):
                break
    return _close(dice, seed, stage, parties)


def _close(dice: random.Random, seed: int, stage: Stage, parties: list[Party]) -> World:
    customers = [party.customer() for party in parties]
    still_open = [item for party in parties for item in party.open]
    settled = [item for party in parties for item in party.paid]
    dice.shuffle(customers)
    dice.shuffle(still_open)
    dice.shuffle(settled)
    dice.shuffle(stage.written)
    policy = Policy(
        tolerance=(("EUR", Tolerance(amount=50, per_ten_thousand=100)), ("", Tolerance())),
        charges_limit=(("EUR", 2_000),),
        grace_days=2,
        house_accounts=(HouseAccount(account=HOUSE, currency="EUR", name="Het Huis Groep B.V."),),
    )
    return World(
        name="second world",
        seed=seed,
        as_of=AS_OF,
        policy=policy,
        customers=tuple(customers),
        open_items=tuple(still_open),
        history=History(settled_items=tuple(settled)),
        payments=tuple(payment for payment, _ in stage.written),
        truth={truth.payment_id: truth for _, truth in stage.written},
    )


class _Numbers:
    """Seven document series; which one a debtor gets depends on the branch of our house that serves them."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.counters: dict[str, int] = defaultdict(int)
        self.base = {
            "ten": dice.randrange(10**5, 10**6),
            "five": dice.randrange(20_000, 30_000),
            "seven": dice.randrange(10**4),
        }

    def issue(self, series: int, party: Party, day: date, *, credit: bool) -> str:
        """The next number of the series: per month, per customer, or for ever."""
        if credit:
            return f"CR{day:%y}-{self.next_of('credit' + str(day.year)):05d}"
        month = f"{day:%Y%m}"
        if series == 0:
            return f"{self.next_of('slash' + month):03d}/{day:%m/%Y}"
        if series == 1:
            return f"F{day:%y}-{day:%m}-{self.next_of('dash' + month):04d}"
        if series == 2:
            return f"K{int(party.key[1:])}-{day:%y}-{self.next_of(party.key + str(day.year)):02d}"
        if series == 3:
            body = f"880{self.base['ten'] + self.next_of('ten'):06d}"
            return body + luhn.calc_check_digit(body)
        if series == 4:
            return f"S-INV-{self.base['seven'] + self.next_of('seven'):07d}"
        if series == 5:
            return f"{day:%y%m}-{self.next_of('short' + month):04d}"
        return str(self.base["five"] + self.next_of("five"))

    def next_of(self, counter: str) -> int:
        self.counters[counter] += 1
        return self.counters[counter]


def _bill(dice: random.Random, parties: list[Party], count: int) -> None:
    """Chains get many documents, tenants the same rent on the first of each month, the others now and then."""
    numbers = _Numbers(dice)
    appetite = {"chain": 14.0, "branch": 3.0, "tenant": 0.6, "trader": 0.5, "firm": 1.0}
    weights = [appetite[party.kind] * dice.uniform(0.3, 2.0) for party in parties]
    bills: list[tuple[date, int, Party, bool]] = []
    for is_open in (True, False):
        for party in dice.choices(parties, weights, k=count):
            back = dice.randrange(0, 75) if is_open else dice.randrange(15, 540)
            day = AS_OF - timedelta(days=back)
            if party.kind == "tenant":
                day = day.replace(day=1)
            bills.append((day, dice.getrandbits(30), party, is_open))
    bills.sort(key=lambda bill: bill[:2])
    seen_rent: set[tuple[str, date]] = set()
    for day, salt, party, is_open in bills:
        if party.kind == "tenant" and (party.key, day) in seen_rent:
            continue
        seen_rent.add((party.key, day))
        item = _document(dice, numbers, party, day, salt, is_open=is_open)
        (party.open if is_open else party.paid).append(item)


def _document(dice: random.Random, numbers: _Numbers, party: Party, day: date, salt: int, *, is_open: bool) -> OpenItem:
    series = int(party.key[1:]) // 7 % 7
    credit = party.kind in {"chain", "firm", "branch"} and dice.random() < 0.05
    if party.kind == "tenant":
        amount = party.rent
    elif party.kind == "trader":
        amount = dice.choice((2_500, 3_900, 6_000, 8_950, 12_000)) * dice.choice((1, 1, 2, 4, 10))
    else:
        amount = dice.randrange(1_000, 40_000) if dice.random() < 0.5 else dice.randrange(40_000, 2_500_000)
    amount = -max(100, amount // 6) if credit else amount
    number = numbers.issue(series, party, day, credit=credit)
    cut = dice.choice((2, 3)) if party.rebate and not credit else 0
    due = (
        day.replace(day=monthrange(day.year, day.month)[1])
        if party.kind == "tenant"
        else day + timedelta(days=party.terms)
    )
    return OpenItem(
        item_id=f"{salt:09d}-{numbers.next_of('key')}",
        number=number,
        kind="credit_note" if credit else "debit_note" if dice.random() < 0.01 else "invoice",
        customer_id=party.key,
        currency="EUR",
        issued_on=day,
        due_on=due,
        original_amount=amount,
        open_amount=amount if is_open else 0,
        payment_reference=_slip(dice, party, number) if party.structured and not credit else "",
        discount_until=day + timedelta(days=8) if cut else None,
        discount_amount=amount * cut // 100 if cut else 0,
        settled_on=None if is_open else min(AS_OF - timedelta(days=dice.randrange(4, 20)), due + timedelta(days=3)),
        other_references=(f"{dice.choice('ABX')}{dice.randrange(10**5, 10**6)}",) if dice.random() < 0.35 else (),
    )


def _slip(dice: random.Random, party: Party, number: str) -> str:
    """The reference on the payment slip, in the scheme of the debtor's country."""
    body = "".join(sign for sign in number if sign.isdigit())
    if party.country in {"CH", "DE"}:
        full = f"{int(party.key[1:]):012d}{body:0>14}"[-26:]
        return full + esr.calc_check_digit(full)
    if party.country == "FI":
        full = f"{dice.randrange(1, 99)}{body}"[-19:]
        return full + fi_viitenumero.check_digit(full)
    if party.country in {"NO", "SE"}:
        full = f"{int(party.key[1:])}{body}"[-24:]
        return full + luhn.calc_check_digit(full)
    if party.country == "NL":
        full = f"{int(party.key[1:])}{body}"[-15:].zfill(15)
        return nl_betalingskenmerk.check_digit(full) + full
    return ""
