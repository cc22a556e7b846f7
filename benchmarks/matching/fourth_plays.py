"""What customers of the fourth world pay, and in what shares (judgement)."""

from collections.abc import Callable
from datetime import timedelta

from benchmarks.matching.fourth_desk import AS_OF, Counter, Trader, whole
from benchmarks.matching.world import TrueItem
from matching.model.open_item import OpenItem
from matching.model.payment import PaymentReference

Play = Callable[[Counter, Trader, OpenItem], bool]
UNSURE = ("ambiguous", "no_match", "unknown_payer")


def _plain(c: Counter, trader: Trader, one: OpenItem) -> bool:
    return c.pay("plain", trader, one.open_amount, f"{c.word(trader)} {one.number}", [whole(one)])


def _wordy(c: Counter, trader: Trader, one: OpenItem) -> bool:
    words = c.frills(trader, one.open_amount, c.dice.choice((1, 2, 3)))
    words.insert(c.dice.randrange(2), f"{c.word(trader)} {one.number}")
    return c.pay("wordy", trader, one.open_amount, c.dice.choice((" ", ", ", " / ")).join(words), [whole(one)])


def _by_reference(c: Counter, trader: Trader, one: OpenItem) -> bool:
    if not one.payment_reference:
        return False
    if c.dice.random() < 0.6:
        given = (PaymentReference(type="SCOR", reference=one.payment_reference),)
        return c.pay("reference", trader, one.open_amount, "", [whole(one)], references=given)
    form = c.dice.choice(("KID {}", "OCR {}", "viite {}", "VS:{}", "/VS{}", "{}"))
    return c.pay("reference", trader, one.open_amount, form.format(one.payment_reference), [whole(one)])


def _reference_slip(c: Counter, trader: Trader, one: OpenItem) -> bool:
    """The reference with a digit wrong, so that its check digit fails, from a known account with the exact amount."""
    reference = one.payment_reference
    if not reference or not trader.known or sum(x.open_amount == one.open_amount for x in trader.open) > 1:
        return False
    at = c.dice.randrange(len(reference) - 4, len(reference) - 1)
    wrong = reference[:at] + c.dice.choice("0123456789".replace(reference[at], "")) + reference[at + 1 :]
    return c.pay("reference_slip", trader, one.open_amount, f"KID {wrong}", [whole(one)], kinds=UNSURE)


def _short_form(c: Counter, trader: Trader, one: OpenItem) -> bool:
    """Letters and marks lost, zeros dropped, only the end written, or O for 0."""
    digits = "".join(filter(str.isdigit, one.number))
    text = c.dice.choice(
        (digits, digits[-4:], digits[2:].lstrip("0"), one.number.replace("/", "-"), one.number.replace("-", " "),
         one.number.replace("0", "O", 1), one.number.lower().replace(" ", ""))
    )  # fmt: skip
    if text == one.number or len(text) < 3 or (trader.style in {0, 3, 4, 8} and len(text) < 4):
        return False
    return c.pay("short_form", trader, one.open_amount, f"{c.word(trader)} {text}", [whole(one)], kinds=UNSURE)


def _slip(c: Counter, trader: Trader, one: OpenItem) -> bool:
    """A digit wrong or two swapped, and no item that is named so has this amount."""
    spots = [at for at, sign in enumerate(one.number) if sign.isdigit()]
    at = c.dice.choice(spots)
    number = one.number
    if c.dice.random() < 0.4 and number[at + 1 : at + 2].isdigit():
        wrong = number[:at] + number[at + 1] + number[at] + number[at + 2 :]
    else:
        wrong = number[:at] + c.dice.choice("0123456789".replace(number[at], "")) + number[at + 1 :]
    meant = c.by_number.get(wrong, ())
    if wrong == number or any(one.open_amount in {other.open_amount, other.original_amount} for other in meant):
        return False
    if sum(other.open_amount == one.open_amount for other in trader.open) > 1:
        return False
    return c.pay("slip", trader, one.open_amount, f"{c.word(trader)} {wrong}", [whole(one)], kinds=UNSURE)


def _list(c: Counter, trader: Trader, one: OpenItem) -> bool:
    debts = c.debts(trader)
    if len(debts) < 2:
        return False
    chosen = c.dice.sample(debts, min(len(debts), c.dice.choice((2, 2, 3, 4, 5, 8))))
    total = sum(item.open_amount for item in chosen)
    roll = c.dice.random()
    if roll < 0.25:
        text = " ".join(f"{item.number} {item.open_amount // 100},{item.open_amount % 100:02d}" for item in chosen)
    elif roll < 0.5 and trader.style in {1, 3, 5, 7}:
        first, *rest = sorted(item.number for item in chosen)
        text = first + "".join(f"/{number[-3:]}" for number in rest)
    else:
        text = c.dice.choice((", ", "+", " ", "; ", "-", " og ", " i ", " e ")).join(item.number for item in chosen)
    return c.pay("list", trader, total, f"{c.word(trader)} {text}", [whole(item) for item in chosen], kinds=UNSURE)


def _list_with_slip(c: Counter, trader: Trader, one: OpenItem) -> bool:
    """Two or three documents, one of them with a digit wrong, which may be another open document of the payer."""
    debts = [item for item in c.debts(trader) if item is not one]
    if not debts:
        return False
    chosen = [one, *c.dice.sample(debts, min(len(debts), 2))]
    at = len(one.number) - 1
    wrong = one.number[:at] + c.dice.choice("0123456789".replace(one.number[at], ""))
    if any(item.open_amount == one.open_amount for item in c.by_number.get(wrong, ())):
        # What the payer names, the payer has paid.
        return False
    text = ", ".join([wrong, *(item.number for item in chosen[1:])])
    total = sum(item.open_amount for item in chosen)
    return c.pay("list_with_slip", trader, total, text, [whole(item) for item in chosen], kinds=UNSURE)


def _mute(c: Counter, trader: Trader, one: OpenItem) -> bool:
    if sum(one.open_amount in {x.open_amount, x.open_amount - x.discount_amount} for x in trader.open) > 1:
        return False
    kind = "mute_account" if trader.known else "mute_name"
    text = c.dice.choice(("", "overføring", "betalning", "siirto", "przelew", "platba", "transferência", "abono"))
    account = trader.iban if trader.known else ""
    return c.pay(kind, trader, one.open_amount, text, [whole(one)], kinds=UNSURE, payer_account=account)


def _customer_number(c: Counter, trader: Trader, one: OpenItem) -> bool:
    if sum(one.open_amount == x.open_amount for x in trader.open) > 1 or len(trader.key) < 5:
        return False
    text = f"kundenr {trader.key}"
    return c.pay("customer_number", trader, one.open_amount, text, [whole(one)], payer_account="", kinds=UNSURE)


def _order(c: Counter, trader: Trader, one: OpenItem) -> bool:
    if not one.other_references:
        return False
    text = f"{c.dice.choice(('ordre', 'best.nr', 'pedido', 'obj.', 'tilaus', 'zam.'))} {one.other_references[0]}"
    return c.pay("order", trader, one.open_amount, text, [whole(one)], kinds=UNSURE)


def _early(c: Counter, trader: Trader, one: OpenItem) -> bool:
    if one.discount_until is None or one.discount_until < AS_OF:
        return False
    true = TrueItem(item_id=one.item_id, cash=one.open_amount - one.discount_amount, discount=one.discount_amount)
    return c.pay(
        "early", trader, true.cash, f"{one.number} {c.dice.choice(('3%', 'kasserabatt', 'skonto', ''))}", [true]
    )


def _charges(c: Counter, trader: Trader, one: OpenItem) -> bool:
    fee = c.dice.choice((500, 800, 1_250, 2_000))
    if one.open_amount < 10_000:
        return False
    true = TrueItem(item_id=one.item_id, cash=one.open_amount - fee, write_off=fee, open_instead=True)
    more = {"charge_bearer": "SHA"}
    return c.pay("charges", trader, true.cash, one.number, [true], kinds=("short_payment", "ambiguous"), **more)


def _deducted(c: Counter, trader: Trader, one: OpenItem) -> bool:
    cash = one.open_amount - c.dice.randrange(700, 6_000)
    why = c.dice.choice(
        ("minus retur", "reklamasjon", "avdrag skadat gods", "prisavvik", "potrącenie", "sleva", "vale")
    )
    true = [TrueItem(item_id=one.item_id, cash=cash)]
    kinds = ("short_payment", "ambiguous", "credit_note_unclear")
    return cash > 12_000 and c.pay("deducted", trader, cash, f"{one.number} {why}", true, kinds=kinds)


def _part(c: Counter, trader: Trader, one: OpenItem) -> bool:
    """An instalment, now and then of exactly what another invoice amounts to."""
    other = [item.open_amount for item in c.debts(trader) if item.open_amount < one.open_amount // 2]
    cash = (
        c.dice.choice(other)
        if other and c.dice.random() < 0.2
        else one.open_amount * c.dice.choice((25, 40, 50)) // 100
    )
    word = c.dice.choice(("delbetaling", "avbetalning", "osamaksu", "rata 1", "záloha", "prestação 1", "pago a cuenta"))
    true = [TrueItem(item_id=one.item_id, cash=cash)]
    return one.open_amount > 30_000 and c.pay(
        "part", trader, cash, f"{word} {one.number}", true, kinds=("short_payment", "ambiguous")
    )


def _over(c: Counter, trader: Trader, one: OpenItem) -> bool:
    cash = one.open_amount + c.dice.choice((100, 900, 1_000, 2_500))
    return c.pay(
        "over", trader, cash, f"{c.word(trader)} {one.number}", [whole(one)], kinds=("over_payment", "ambiguous")
    )


def _netted(c: Counter, trader: Trader, one: OpenItem) -> bool:
    notes = [x for x in trader.open if x.item_id not in c.used and 0 < -x.open_amount < one.open_amount]
    if not notes:
        return False
    note, told = notes[0], c.dice.random() < 0.6
    text = f"{one.number} {c.dice.choice(('-', 'minus kredit', 'kredittnota', 'dobropis', 'nota crédito', 'abono'))} "
    total = one.open_amount + note.open_amount
    kinds = ("credit_note_unclear", "short_payment", "ambiguous")
    return c.pay(
        "netted" if told else "netted_mute", trader, total, text + note.number if told else one.number,
        [whole(one), whole(note)], kinds=kinds,
    )  # fmt: skip


def _credit_only_named(c: Counter, trader: Trader, one: OpenItem) -> bool:
    """The invoice is paid in full; the credit note is only spoken of."""
    notes = [x for x in trader.open if x.item_id not in c.used and x.open_amount < 0]
    if not notes:
        return False
    text = f"{c.word(trader)} {one.number}, kredit {notes[0].number} kommer senere"
    return c.pay("credit_spoken_of", trader, one.open_amount, text, [whole(one)], kinds=("ambiguous",))


def _sister(c: Counter, trader: Trader, one: OpenItem) -> bool:
    kin = [x for x in c.traders if x is not trader and trader.parent and trader.parent in {x.key, x.parent}]
    if not kin:
        return False
    payer = c.dice.choice(kin)
    return c.pay(
        "sister", trader, one.open_amount, f"{c.word(trader)} {one.number}", [whole(one)],
        payer_name=payer.name, payer_account=payer.iban, kinds=("payer_mismatch", "ambiguous"),
    )  # fmt: skip


def _stranger(c: Counter, trader: Trader, one: OpenItem) -> bool:
    """Somebody unknown pays one long number in full, to the cent."""
    if trader.style not in {0, 4, 5, 6} or len(c.by_number[one.number]) > 1:
        return False
    return c.pay(
        "stranger", trader, one.open_amount, f"{one.number} {trader.name}", [whole(one)],
        payer_name="Ole Nilsen", payer_account=f"NO{c.dice.randrange(10**12, 10**13)}", kinds=("unknown_payer",),
    )  # fmt: skip


def _factored(c: Counter, trader: Trader, one: OpenItem) -> bool:
    if not trader.factors:
        return False
    return c.pay(
        "factor", trader, one.open_amount, f"{trader.name} {one.number}", [whole(one)],
        payer_name="Nordisk Factoring Bank", payer_account=trader.factors[0], kinds=("ambiguous",),
    )  # fmt: skip


def _all_due(c: Counter, trader: Trader, one: OpenItem) -> bool:
    """Everything that was due, without a word; nothing of the customer is paid otherwise."""
    due = [x for x in trader.open if x.due_on <= AS_OF and x.open_amount > 0]
    if len(due) < 2 or not trader.known or any(x.item_id in c.used for x in trader.open):
        return False
    total = sum(x.open_amount for x in due)
    c.used.update(x.item_id for x in trader.open)
    return c.pay("all_due", trader, total, "saldo", [whole(x) for x in due], kinds=UNSURE, payer_account=trader.iban)


def _in_two(c: Counter, trader: Trader, one: OpenItem) -> bool:
    """One invoice by two payments of one day that together are exactly its amount."""
    first = one.open_amount * c.dice.choice((30, 50, 60)) // 100
    if one.open_amount < 40_000 or c.has_amount(trader, first):
        return False
    day = AS_OF - timedelta(days=1)
    for cash, part in ((first, "1/2"), (one.open_amount - first, "2/2")):
        true = [TrueItem(item_id=one.item_id, cash=cash)]
        c.pay(
            "in_two",
            trader,
            cash,
            f"{one.number} del {part}",
            true,
            booked_on=day,
            kinds=("short_payment", "ambiguous"),
        )
    return True


PLAYS: tuple[tuple[Play, float], ...] = (
    (_plain, 18), (_wordy, 13), (_by_reference, 10), (_reference_slip, 1.5), (_short_form, 8), (_slip, 4), (_list, 9),
    (_list_with_slip, 1.5), (_mute, 7), (_customer_number, 1), (_order, 1.5), (_early, 2), (_charges, 1.5),
    (_deducted, 2), (_part, 2.5), (_over, 1.5), (_netted, 1.5), (_credit_only_named, 0.5), (_sister, 1),
    (_stranger, 1.5), (_factored, 1), (_all_due, 2), (_in_two, 0.5),
)  # fmt: skip
