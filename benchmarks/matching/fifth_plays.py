"""What firms of the fifth world pay, and in what shares (judgement)."""

from collections.abc import Callable
from datetime import timedelta

from benchmarks.matching.fifth_office import MONTHS, SILENCE, TODAY, Firm, Office, paid
from benchmarks.matching.world import TrueItem
from matching.model.open_item import OpenItem
from matching.model.payment import PaymentReference, RemittanceDocument

Play = Callable[[Office, Firm, OpenItem], bool]
DOUBT = ("ambiguous", "no_match", "unknown_payer")


def _plain(o: Office, firm: Firm, one: OpenItem) -> bool:
    return o.write("plain", firm, one.open_amount, o.bill(firm, one.number), paid(one), booked_on=o.day(one))


def _chatty(o: Office, firm: Firm, one: OpenItem) -> bool:
    words = o.talk(firm, one, o.luck.choice((1, 2, 3)))
    words.insert(o.luck.randrange(2), o.bill(firm, one.number))
    return o.write("chatty", firm, one.open_amount, o.luck.choice((" ", ", ", " - ")).join(words), paid(one))


def _reference(o: Office, firm: Firm, one: OpenItem) -> bool:
    if not one.payment_reference:
        return False
    if o.luck.random() < 0.5:
        given = (PaymentReference(type=o.luck.choice(("SCOR", "")), reference=one.payment_reference),)
        return o.write("reference", firm, one.open_amount, "", paid(one), references=given)
    spaced = " ".join(one.payment_reference[at : at + 4] for at in range(0, len(one.payment_reference), 4))
    text = o.luck.choice((one.payment_reference, spaced, f"OCR {one.payment_reference}", f"Ref: {spaced}"))
    return o.write("reference", firm, one.open_amount, text, paid(one))


def _clipped(o: Office, firm: Firm, one: OpenItem) -> bool:
    """The number as people copy it: without letters, year, zeros or check letter, with other marks."""
    text = one.number
    digits = "".join(filter(str.isdigit, text))
    forms = {
        0: (f"RE {int(digits[2:])}", digits, text.replace("/", " "), f"{digits[:2]}-{int(digits[2:])}", digits[2:]),
        1: (digits, text.replace(".", "/"), text[5:], digits[-6:], f"{int(digits[-6:])}"),
        2: (digits, text.replace("-", ""), text.replace("-", "/"), text[5:]),
        3: (digits, text.lstrip("0"), text.lower(), f"{text[:4]} {text[4:]}"),
        4: (text.replace(" ", ""), text[4:], f"FPR{digits[:-2]}", f"{digits[:-2]} del {one.issued_on:%d/%m/%Y}"),
        5: (text.replace("-", ""), text[2:], f"FA {text[2:]}", text.replace("0", "O", 1)),
        6: (f"{text[:3]} {text[3:]}", f"nr.{text}", f"0{text}"),
        7: (f"nr{text}", f"{text[:2]}.{text[2:]}", f"#{text}"),
        8: (f"F/{text[-6:]}", digits, text.replace("/", "-"), f"F{int(digits[-6:])}", f"{text[:4]}F{int(digits[-6:])}"),
    }[firm.scheme]  # fmt: skip
    return o.write("clipped", firm, one.open_amount, o.bill(firm, o.luck.choice(forms)), paid(one), kinds=DOUBT)


def _slip(o: Office, firm: Firm, one: OpenItem) -> bool:
    """One digit wrong, or two swapped; and what it says now belongs to no item of this amount."""
    text = one.number
    spots = [at for at, sign in enumerate(text) if sign.isdigit()]
    at = o.luck.choice(spots[-5:])
    if o.luck.random() < 0.4 and text[at + 1 : at + 2].isdigit():
        wrong = text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    else:
        wrong = text[:at] + o.luck.choice("0123456789".replace(text[at], "")) + text[at + 1 :]
    bearers = o.bearers.get(wrong, ())
    if wrong == text or any(abs(x.original_amount) == one.open_amount for x in bearers) or not o.only(firm, one):
        return False
    return o.write("slip", firm, one.open_amount, o.bill(firm, wrong), paid(one), kinds=DOUBT)


def _several(o: Office, firm: Firm, one: OpenItem) -> bool:
    debts = o.debts(firm)
    if len(debts) < 2:
        return False
    chosen = o.luck.sample(debts, min(len(debts), o.luck.choice((2, 2, 3, 3, 4, 6, 9))))
    total = sum(x.open_amount for x in chosen)
    roll = o.luck.random()
    numbers = sorted(x.number for x in chosen)
    if roll < 0.2:
        text = " ".join(f"{x.number} ({x.open_amount // 100},{x.open_amount % 100:02d})" for x in chosen)
    elif roll < 0.45 and firm.scheme in {0, 1, 5, 8} and len({n[:-4] for n in numbers}) == 1:
        text = numbers[0] + "".join(f"{o.luck.choice('-/,')}{n[-4:]}" for n in numbers[1:])
    else:
        text = o.luck.choice((", ", " ", " + ", " y ", " e ", " i ", " och ", " et ", "; ", "//")).join(numbers)
    return o.write("several", firm, total, o.bill(firm, text, many=True), paid(*chosen), kinds=DOUBT)


def _range(o: Office, firm: Firm, one: OpenItem) -> bool:
    """From one number to another, where the firm owes at least three and nothing between is missing."""
    same = sorted((x for x in firm.open if x.number[:6] == one.number[:6]), key=lambda x: x.number)
    free = {x.item_id for x in o.debts(firm)}
    if len(same) < 3 or not all(x.item_id in free for x in same[:4]) or firm.scheme == 2:
        return False
    chosen = same[:4]
    word = {"ES": "a la", "IT": "al", "PL": "do", "SE": "till", "FR": "à"}[firm.country]
    text = f"{chosen[0].number} {word} {chosen[-1].number}"
    total = sum(x.open_amount for x in chosen)
    return o.write("range", firm, total, o.bill(firm, text, many=True), paid(*chosen), kinds=DOUBT)


def _less_credit(o: Office, firm: Firm, one: OpenItem) -> bool:
    notes = [x for x in firm.open if x.item_id not in o.taken and 0 < -x.open_amount < one.open_amount]
    if not notes:
        return False
    note, said = notes[0], o.luck.random() < 0.7
    minus = {"ES": "menos abono", "IT": "meno NC", "PL": "minus korekta", "SE": "minus kredit", "FR": "moins avoir"}
    words = f"{one.number} {minus[firm.country]} {note.number}" if said else one.number
    kind = "credit_named" if said else "credit_silent"
    kinds = ("credit_note_unclear", "short_payment", "ambiguous")
    return o.write(kind, firm, one.open_amount + note.open_amount, words, paid(one, note), kinds=kinds)


def _silent(o: Office, firm: Firm, one: OpenItem) -> bool:
    if not o.only(firm, one):
        return False
    text = o.luck.choice(SILENCE[firm.country])
    known = firm.known and o.luck.random() < 0.8
    name = firm.name if not known else firm.name[:35]
    return o.write(
        "silent_account" if known else "silent_name", firm, one.open_amount, text, paid(one), kinds=DOUBT,
        payer_account=firm.iban if known else "", payer_name=name, booked_on=o.day(one),
    )  # fmt: skip


def _everything_due(o: Office, firm: Firm, one: OpenItem) -> bool:
    due = [x for x in firm.open if x.due_on <= TODAY]
    if len(due) < 2 or any(x.item_id in o.taken or x.disputed for x in due) or sum(x.open_amount for x in due) <= 0:
        return False
    total, text = sum(x.open_amount for x in due), o.luck.choice(SILENCE[firm.country])
    return o.write("all_due", firm, total, text, paid(*due), kinds=DOUBT, payer_account=firm.iban)


def _month(o: Office, firm: Firm, one: OpenItem) -> bool:
    """Everything of the month that is named, as a statement of account asks for it."""
    same = [x for x in firm.open if (x.issued_on.year, x.issued_on.month) == (one.issued_on.year, one.issued_on.month)]
    if len(same) < 2 or any(x.item_id in o.taken or x.disputed or x.open_amount < 0 for x in same):
        return False
    word = {"ES": "facturas", "IT": "estratto conto", "PL": "faktury za", "SE": "kontoutdrag", "FR": "relevé"}
    text = f"{word[firm.country]} {MONTHS[firm.country].split()[one.issued_on.month - 1]} {one.issued_on.year}"
    total = sum(x.open_amount for x in same)
    return o.write("month", firm, total, text, paid(*same), kinds=DOUBT, payer_account=firm.iban)


def _order(o: Office, firm: Firm, one: OpenItem) -> bool:
    """The order number alone; in the fifth world it may well be somebody's invoice number too."""
    if not one.other_references:
        return False
    word = {"ES": "pedido", "IT": "ordine", "PL": "zamówienie", "SE": "order", "FR": "commande"}[firm.country]
    return o.write("order", firm, one.open_amount, f"{word} {one.other_references[0]}", paid(one), kinds=DOUBT)


def _customer_number(o: Office, firm: Firm, one: OpenItem) -> bool:
    if not o.only(firm, one):
        return False
    word = {"ES": "cliente", "IT": "cod. cliente", "PL": "klient", "SE": "kundnr", "FR": "code client"}[firm.country]
    text = f"{word} {firm.key}"
    return o.write("customer_no", firm, one.open_amount, text, paid(one), kinds=DOUBT, payer_account="", payer_name="")


def _discount(o: Office, firm: Firm, one: OpenItem) -> bool:
    if one.discount_until is None or one.discount_until < TODAY:
        return False
    cash = one.open_amount - one.discount_amount
    word = o.luck.choice(
        ("", {"ES": "dto p.p.", "IT": "sconto", "PL": "skonto", "SE": "kassarabatt", "FR": "escompte"}[firm.country])
    )
    true = (TrueItem(item_id=one.item_id, cash=cash, discount=one.discount_amount),)
    return o.write("discount", firm, cash, f"{o.bill(firm, one.number)} {word}", true)  # fmt: skip


def _charges(o: Office, firm: Firm, one: OpenItem) -> bool:
    fee = o.luck.choice((350, 600, 1_000, 1_500))
    if one.open_amount < 15_000:
        return False
    true = (TrueItem(item_id=one.item_id, cash=one.open_amount - fee, write_off=fee, open_instead=True),)
    kinds = ("short_payment", "ambiguous")
    return o.write("charges", firm, true[0].cash, one.number, true, kinds=kinds, charge_bearer="SHA")


def _short(o: Office, firm: Firm, one: OpenItem) -> bool:
    less = o.luck.randrange(1_500, 9_000)
    why = {
        "ES": ("menos devolución", "descontado por rotura"), "IT": ("trattenuta merce danneggiata", "meno reso"),
        "PL": ("potrącenie za braki", "minus reklamacja"), "SE": ("avdrag skadad vara", "prisavvikelse"),
        "FR": ("déduction litige", "moins manquant"),
    }[firm.country]  # fmt: skip
    cash = one.open_amount - less
    true = (TrueItem(item_id=one.item_id, cash=cash),)
    kinds = ("short_payment", "ambiguous", "credit_note_unclear")
    return cash > 20_000 and o.write("short", firm, cash, f"{one.number} {o.luck.choice(why)}", true, kinds=kinds)


def _instalment(o: Office, firm: Firm, one: OpenItem) -> bool:
    cash = one.open_amount * o.luck.choice((20, 25, 50)) // 100
    word = {"ES": "pago a cuenta", "IT": "acconto", "PL": "rata 2", "SE": "delbetalning", "FR": "acompte"}[firm.country]
    true = (TrueItem(item_id=one.item_id, cash=cash),)
    kinds = ("short_payment", "ambiguous")
    return one.open_amount > 40_000 and o.write("instalment", firm, cash, f"{word} {one.number}", true, kinds=kinds)


def _too_much(o: Office, firm: Firm, one: OpenItem) -> bool:
    cash = one.open_amount + o.luck.choice((90, 900, 1_000, 5_000))
    return o.write("too_much", firm, cash, o.bill(firm, one.number), paid(one), kinds=("over_payment", "ambiguous"))


def _head_pays(o: Office, firm: Firm, one: OpenItem) -> bool:
    head = o.by_key.get(firm.head)
    return head is not None and o.write(
        "head_pays", firm, one.open_amount, o.bill(firm, one.number), paid(one), kinds=("payer_mismatch", *DOUBT),
        payer_account=head.iban, payer_name=head.name,
    )  # fmt: skip


def _owner_pays(o: Office, firm: Firm, one: OpenItem) -> bool:
    """The owner's private account, with the number in full and to the cent."""
    if len(o.bearers[one.number]) > 1 or firm.scheme in {4, 6, 7}:
        return False
    name, iban = firm.owner
    text = o.bill(firm, one.number)
    return o.write(
        "owner_pays", firm, one.open_amount, text, paid(one), kinds=DOUBT, payer_account=iban, payer_name=name
    )


def _factor_pays(o: Office, firm: Firm, one: OpenItem) -> bool:
    return bool(firm.factor) and o.write(
        "factor_pays", firm, one.open_amount, f"{firm.name[:20]} {one.number}", paid(one), kinds=DOUBT,
        payer_account=firm.factor, payer_name="Factoring Ibérica EFC",
    )  # fmt: skip


def _in_two(o: Office, firm: Firm, one: OpenItem) -> bool:
    """One invoice by two transfers of the same day, each with its number: the bank's limit was too low."""
    if one.open_amount < 200_000:
        return False
    first = one.open_amount * 3 // 5
    for cash in (first, one.open_amount - first):
        true = (TrueItem(item_id=one.item_id, cash=cash),)
        o.write("in_two", firm, cash, o.bill(firm, one.number), true, kinds=("short_payment", "ambiguous"))
    return True


def _advice(o: Office, firm: Firm, one: OpenItem) -> bool:
    debts = o.debts(firm)[:5]
    if len(debts) < 2:
        return False
    told = tuple(
        RemittanceDocument(
            type="CINV", number=x.number, remitted=x.open_amount, discount=None, adjustment=None, adjustment_reason=None
        )
        for x in debts
    )
    return o.write("advice", firm, sum(x.open_amount for x in debts), "", paid(*debts), documents=told, kinds=DOUBT)


def _paid_again(o: Office, firm: Firm, one: OpenItem) -> bool:
    """A direct debit came back three days ago; today the money is there after all."""
    if one.issued_on > TODAY - timedelta(days=5):
        return False
    text = o.bill(firm, one.number)
    o.write(
        "returned", firm, -one.open_amount, text, outcome="abstain", kinds=("returned_payment", "outgoing_unexplained"),
        reversal=True, return_reason=o.luck.choice(("AM04", "MS02")), booked_on=TODAY - timedelta(days=3),
    )  # fmt: skip
    return o.write("paid_again", firm, one.open_amount, text, paid(one), kinds=("duplicate_payment",))


def _branch(o: Office, firm: Firm, one: OpenItem) -> bool:
    """A shop's invoice is named by shop and day, as the till slip says; no other slip of the day is open."""
    if firm.scheme != 2 or not o.only(firm, one):
        return False
    if sum(x.number[:13] == one.number[:13] for x in firm.open) > 1:
        return False
    text = f"{one.number[:4]} {one.issued_on:%d/%m/%Y} {one.number[14:16]}"
    return o.write("till_slip", firm, one.open_amount, text, paid(one), kinds=DOUBT, payer_account=firm.iban)


PLAYS: tuple[tuple[Play, float], ...] = (
    (_plain, 20), (_chatty, 9), (_reference, 8), (_clipped, 9), (_slip, 3), (_several, 9), (_range, 0.5),
    (_less_credit, 1.5), (_silent, 7), (_everything_due, 1.2), (_month, 1.2), (_order, 1.5), (_customer_number, 1),
    (_discount, 3), (_charges, 1), (_short, 1.2), (_instalment, 2), (_too_much, 1), (_head_pays, 1.2),
    (_owner_pays, 1), (_factor_pays, 0.7), (_in_two, 0.5), (_advice, 0.8), (_paid_again, 0.4), (_branch, 0.5),
)  # fmt: skip
