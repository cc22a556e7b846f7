"""What happens on the second world's account: the scenes in which money settles documents."""

from collections.abc import Callable
from dataclasses import replace

from benchmarks.matching.second_people import Party
from benchmarks.matching.second_stage import MONTHS, Stage
from benchmarks.matching.world import TrueItem
from matching.model.open_item import OpenItem
from matching.model.payment import PaymentReference, RemittanceDocument

Scene = Callable[[Stage, Party], bool]
TYPES = {"CH": "QRR", "DE": "QRR", "FI": "VIITE", "NO": "KID", "SE": "OCR", "NL": "CUR"}


def all_of(item: OpenItem) -> TrueItem:
    return TrueItem(item_id=item.item_id, cash=item.open_amount)


def _money(cents: int) -> str:
    return f"{cents // 100:,}".replace(",", ".") + f",{cents % 100:02d}"


def _quiet(stage: Stage, party: Party) -> bool:
    return party.key not in stage.silent and not any(one.item_id in stage.taken for one in party.open)


def slip(stage: Stage, party: Party) -> bool:
    """The slip's reference, in the field made for it or typed into the text in groups."""
    item = stage.one(party)
    if item is None or not item.payment_reference:
        return False
    if stage.dice.random() < 0.65:
        reference = PaymentReference(type=TYPES[party.country], reference=item.payment_reference)
        stage.write("slip", party, item.open_amount, "", [all_of(item)], references=(reference,))
        return True
    text = item.payment_reference
    if stage.dice.random() < 0.6:
        start = len(text) % 5
        text = " ".join(filter(None, (text[:start], *(text[at : at + 5] for at in range(start, len(text), 5)))))
    stage.write("slip_typed", party, item.open_amount, text, [all_of(item)])
    return True


def plain(stage: Stage, party: Party) -> bool:
    """The number as printed, sometimes with amount and due date beside it."""
    item = stage.one(party)
    if item is None:
        return False
    bill = stage.word(party, "bill")
    text = stage.dice.choice(
        (
            f"{bill} {item.number}",
            item.number,
            f"{bill} {item.number} EUR {_money(item.open_amount)}",
            f"{item.number} {item.due_on:%d/%m/%Y}",
            f"{party.key} {bill} {item.number}",
            f"{bill}:{item.number}",
        )
    )
    stage.write("plain", party, item.open_amount, text, [all_of(item)])
    return True


def sloppy(stage: Stage, party: Party) -> bool:
    """Separators dropped or turned, zeros or the year lost, a digit doubled, two swapped, a letter for a digit."""
    item = stage.one(party)
    if item is None:
        return False
    dice, number = stage.dice, item.number
    at = dice.randrange(len(number) - 1)
    shapes = (
        number.replace("/", "-").replace("-", "/", 1),
        "".join(sign for sign in number if sign.isalnum()),
        number.lstrip("SFK-INV0"),
        number[: -len("/2026")] if number.endswith("/2026") else number.split("-", 1)[-1],
        number[:at] + number[at] + number[at:],
        number[:at] + number[at + 1] + number[at] + number[at + 2 :],
        number.replace("0", "o", 1).replace("8", "B", 1),
        number.replace("-", " ").replace("/", " "),
        number.lstrip("0"),
    )
    text = dice.choice(
        [shape for shape in shapes if shape != number and sum(sign.isdigit() for sign in shape) >= 4] or [""]
    )
    equal = {one.number for one in party.open if one.open_amount == item.open_amount and one is not item}
    if not text or text in equal:  # What the payer names, the payer has paid: then the other would be the truth.
        return False
    kinds = ("ambiguous", "no_match", "wrong_reference", "payer_mismatch")
    stage.write("sloppy", party, item.open_amount, f"{stage.word(party, 'bill')} {text}", [all_of(item)], kinds=kinds)
    return True


def many(stage: Stage, party: Party) -> bool:
    """A list, often with an amount behind each number; chains list dozens and the bank cuts the text."""
    unpaid = stage.unpaid(party)
    if len(unpaid) < 2:
        return False
    dice = stage.dice
    chosen = dice.sample(unpaid, min(len(unpaid), dice.choice((2, 2, 3, 4, 5, 8, 14))))
    amounts = dice.random() < 0.3
    mark = dice.choice((", ", " ", ";", " & "))
    words = (f"{one.number}={_money(one.open_amount)}" if amounts else one.number for one in chosen)
    text = f"{stage.word(party, 'bills')} {mark.join(words)}"
    stage.write(
        "many" if len(text) <= 70 else "many_cut",
        party,
        sum(one.open_amount for one in chosen),
        text,
        [all_of(one) for one in chosen],
    )
    return True


def many_less_credit(stage: Stage, party: Party) -> bool:
    """A list in which the credit note is named, or only taken off."""
    unpaid, notes = stage.unpaid(party), stage.unpaid(party, credit=True)
    if not unpaid or not notes:
        return False
    chosen = [*stage.dice.sample(unpaid, min(len(unpaid), stage.dice.choice((1, 2, 3)))), stage.dice.choice(notes)]
    total = sum(one.open_amount for one in chosen)
    if total <= 0:
        return False
    named = stage.dice.random() < 0.7
    shown = [one.number for one in chosen[:-1]]
    text = " ".join(shown) + (
        f" {stage.word(party, 'less')} {stage.word(party, 'credit')} {chosen[-1].number}" if named else ""
    )
    stage.write(
        "credit_told" if named else "credit_silent",
        party,
        total,
        text,
        [all_of(one) for one in chosen],
        kinds=("credit_note_unclear", "short_payment", "ambiguous"),
    )
    return True


def listed_in_fields(stage: Stage, party: Party) -> bool:
    """Structured remittance with amounts per document, credit notes among them."""
    unpaid = stage.unpaid(party)
    if len(unpaid) < 3:
        return False
    chosen = stage.dice.sample(unpaid, min(len(unpaid), stage.dice.randint(3, 40)))
    chosen += stage.unpaid(party, credit=True)[:1] if stage.dice.random() < 0.4 else []
    total = sum(one.open_amount for one in chosen)
    if total <= 0:
        return False
    documents = tuple(
        RemittanceDocument(
            type="CREN" if one.open_amount < 0 else "CINV",
            number=one.number,
            remitted=abs(one.open_amount),
            discount=None,
            adjustment=None,
            adjustment_reason=None,
        )
        for one in chosen
    )
    stage.write("fields", party, total, "", [all_of(one) for one in chosen], documents=documents)
    return True


def rent_with_month(stage: Stage, party: Party) -> bool:
    """The rent of a month that the text names; other months of the same amount may be open."""
    if party.kind != "tenant" or not party.in_erp:
        return False
    item = stage.one(party)
    if item is None:
        return False
    month = MONTHS[party.language][item.issued_on.month - 1]
    shown = stage.dice.choice(
        (f"{month} {item.issued_on.year}", month, f"{item.issued_on:%m/%Y}", f"{item.issued_on:%m-%y}")
    )
    alone = len(party.open) == 1
    stage.write(
        "rent_only_one" if alone else "rent_month",
        party,
        item.open_amount,
        f"{stage.word(party, 'rent')} {shown}",
        [all_of(item)],
    )
    return True


def silent_single(stage: Stage, party: Party) -> bool:
    """No word about what it is for; the amount is only this document's."""
    item = stage.one(party)
    if item is None or party.kind == "tenant" or sum(one.open_amount == item.open_amount for one in party.open) > 1:
        return False
    kind = "silent_account" if party.in_erp else "silent_name"
    text = stage.dice.choice(("", "payment", party.key if party.in_erp else "transfer", "thanks"))
    stage.write(kind, party, item.open_amount, text, [all_of(item)], kinds=("ambiguous", "no_match", "unknown_payer"))
    return True


def silent_everything_due(stage: Stage, party: Party) -> bool:
    """The whole account, or everything due, in one sum without a word."""
    if not _quiet(stage, party) or not party.in_erp or party.kind == "tenant":
        return False
    due = [one for one in party.open if one.due_on <= stage.today]
    chosen = due if stage.dice.random() < 0.7 else list(party.open)
    total = sum(one.open_amount for one in chosen)
    if not 2 <= len(chosen) <= 40 or total <= 0:
        return False
    stage.write(
        "silent_all",
        party,
        total,
        stage.dice.choice(("", "saldo", "balance")),
        [all_of(one) for one in chosen],
        when=stage.today,
    )
    stage.silent.add(party.key)
    return True


def head_pays(stage: Stage, party: Party) -> bool:
    """The chain's head office pays a branch's documents."""
    if party.head is None:
        return False
    unpaid = stage.unpaid(party)
    if not unpaid:
        return False
    chosen = stage.dice.sample(unpaid, min(len(unpaid), stage.dice.choice((1, 1, 2, 3))))
    stage.write(
        "head_pays",
        party,
        sum(one.open_amount for one in chosen),
        " ".join(one.number for one in chosen),
        [all_of(one) for one in chosen],
        payer=party.head,
        kinds=("payer_mismatch", "ambiguous"),
    )
    return True


def purchase_number(stage: Stage, party: Party) -> bool:
    item = stage.one(party)
    if item is None or not item.other_references:
        return False
    text = f"{stage.word(party, 'order')} {item.other_references[0]}"
    stage.write("purchase", party, item.open_amount, text, [all_of(item)])
    return True


def end_to_end(stage: Stage, party: Party) -> bool:
    """The number stands only in the end-to-end id."""
    item = stage.one(party)
    if item is None or len(item.number) < 6:
        return False
    stage.write("end_to_end", party, item.open_amount, "", [all_of(item)], end_to_end_id=item.number)
    return True


def on_behalf(stage: Stage, party: Party) -> bool:
    """A payment service sends, the customer is named as the ultimate debtor, the number is given."""
    item = stage.one(party)
    if item is None:
        return False
    sender = replace(party, printed="PayBridge Services SA", name="PayBridge Services SA", account="BE71096123456769")
    stage.write(
        "on_behalf",
        party,
        item.open_amount,
        item.number,
        [all_of(item)],
        payer=sender,
        ultimate_name=party.name,
        kinds=("payer_mismatch", "unknown_payer"),
    )
    return True


def instalment(stage: Stage, party: Party) -> bool:
    item = stage.one(party)
    if item is None or item.open_amount < 60_000:
        return False
    parts = stage.dice.choice((2, 3, 4))
    text = f"{item.number} {stage.word(party, 'part')} 1/{parts}"
    stage.write(
        "instalment",
        party,
        item.open_amount // parts,
        text,
        [TrueItem(item_id=item.item_id, cash=item.open_amount // parts)],
        kinds=("short_payment", "ambiguous"),
    )
    return True


def retention(stage: Stage, party: Party) -> bool:
    item = stage.one(party)
    if item is None or item.open_amount < 100_000:
        return False
    share = stage.dice.choice((5, 10))
    cash = item.open_amount - item.open_amount * share // 100
    text = f"{item.number} {stage.word(party, 'kept')} {share}%"
    stage.write(
        "retention",
        party,
        cash,
        text,
        [TrueItem(item_id=item.item_id, cash=cash)],
        kinds=("short_payment", "ambiguous", "credit_note_unclear"),
    )
    return True


def rebate(stage: Stage, party: Party) -> bool:
    """Early-payment discount on one document or on a whole list, in time."""
    when = stage.today
    usable = [one for one in stage.unpaid(party) if one.discount_until and one.discount_until >= when]
    if not usable:
        return False
    chosen = stage.dice.sample(usable, min(len(usable), stage.dice.choice((1, 1, 2, 3))))
    true = [
        TrueItem(item_id=one.item_id, cash=one.open_amount - one.discount_amount, discount=one.discount_amount)
        for one in chosen
    ]
    text = " ".join(one.number for one in chosen) + stage.dice.choice(("", " -%", f" {stage.word(party, 'less')} 3%"))
    stage.write(
        "rebate" if len(true) == 1 else "rebate_list",
        party,
        sum(one.cash for one in true),
        text,
        true,
        when=when,
        kinds=("short_payment", "ambiguous"),
    )
    return True


def charges(stage: Stage, party: Party) -> bool:
    item = stage.one(party)
    fee = stage.dice.choice((350, 600, 1_150, 1_800))
    if item is None or item.open_amount < 100 * fee:
        return False
    true = TrueItem(item_id=item.item_id, cash=item.open_amount - fee, write_off=fee, open_instead=True)
    stage.write(
        "charges",
        party,
        true.cash,
        item.number,
        [true],
        kinds=("short_payment",),
        charge_bearer="SHA",
        charges=fee if stage.dice.random() < 0.6 else 0,
    )
    return True


def too_much(stage: Stage, party: Party) -> bool:
    item = stage.one(party)
    if item is None:
        return False
    extra = stage.dice.choice((990, 2_500, 12_000))
    text = f"{stage.word(party, 'bill')} {item.number}"
    stage.write("too_much", party, item.open_amount + extra, text, [all_of(item)], kinds=("over_payment", "ambiguous"))
    return True


def two_halves(stage: Stage, party: Party) -> bool:
    """One document by two payments of the same day."""
    item = stage.one(party)
    if item is None or item.open_amount < 80_000:
        return False
    first = item.open_amount * stage.dice.choice((25, 50, 70)) // 100
    for number, cash in ((1, first), (2, item.open_amount - first)):
        stage.write(
            "two_halves",
            party,
            cash,
            f"{item.number} ({number}/2)",
            [TrueItem(item_id=item.item_id, cash=cash)],
            when=stage.today,
            kinds=("short_payment", "ambiguous"),
        )
    return True
