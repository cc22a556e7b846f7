"""The case kinds of the first world in which money settles items: one function each.

A case is given a customer and one of their free items, writes one payment (or several that belong together), and
returns whether it could: a list needs a customer with several items. The kinds that must not be posted are in
``traps``.
"""

import re
from collections.abc import Callable
from datetime import timedelta

from benchmarks.matching.draft import Draft, in_full
from benchmarks.matching.numbering import mangle, printed, shorthand
from benchmarks.matching.people import Debtor
from benchmarks.matching.texts import CREDIT, DEDUCTION, DISCOUNT, MANY, NOTHING, ORDER, PARTIAL, SINGLE, say
from benchmarks.matching.world import TrueItem
from matching.model.open_item import OpenItem
from matching.model.payment import PaymentReference, RemittanceDocument

Case = Callable[[Draft, Debtor, OpenItem], bool]
AMOUNT_DOUBT = ("ambiguous", "no_match")


def _words(draft: Draft, debtor: Debtor, item: OpenItem, phrases: dict[str, tuple[str, ...]], number: str) -> str:
    return say(
        draft.chance,
        phrases,
        debtor.language,
        n=number,
        p=str((debtor.discount or (2, 0))[0]),
        **draft.parts(debtor, item),
    )


def _invoice(item: OpenItem) -> bool:
    """An invoice in euro; the few in dollars are paid on the dollar account and have a case of their own."""
    return item.open_amount > 0 and item.currency == "EUR"


def exact(draft: Draft, debtor: Debtor, item: OpenItem) -> bool:
    if not _invoice(item):
        return False
    words = _words(draft, debtor, item, SINGLE, item.number)
    draft.emit("exact", debtor, item.open_amount, words, [in_full(item)], booked=draft.day(item))
    return True


def check_digit(draft: Draft, debtor: Debtor, item: OpenItem) -> bool:
    if not _invoice(item) or not item.payment_reference:
        return False
    kind = "SCOR" if item.payment_reference.startswith("RF") else "OGM"
    in_field = debtor.wire == "camt" and draft.chance.random() < 0.7
    words = "" if in_field else printed(draft.chance, item.payment_reference)
    references = (PaymentReference(type=kind, reference=item.payment_reference),) if in_field else ()
    payer = None if draft.chance.random() < 0.85 else (debtor.name, "")
    draft.emit(
        "check_digit",
        debtor,
        item.open_amount,
        words,
        [in_full(item)],
        booked=draft.day(item),
        payer=payer,
        references=references,
        plain=True,
    )
    return True


def _slip(draft: Draft, debtor: Debtor, item: OpenItem) -> str:
    """The number mangled, but never into an equal item's of this customer: what the payer names, the payer has paid."""
    equal = {_plain(one.number) for one in debtor.items if one.open_amount == item.open_amount}
    written = mangle(draft.chance, item.number)
    while _plain(written) in equal - {_plain(item.number)}:
        written = mangle(draft.chance, item.number)
    return written


def _plain(number: str) -> str:
    return re.sub(r"\W", "", number)


def mangled(draft: Draft, debtor: Debtor, item: OpenItem) -> bool:
    if not _invoice(item):
        return False
    words = _words(draft, debtor, item, SINGLE, _slip(draft, debtor, item))
    draft.emit(
        "mangled",
        debtor,
        item.open_amount,
        words,
        [in_full(item)],
        booked=draft.day(item),
        exception_kinds=("ambiguous", "wrong_reference", "no_match", "payer_mismatch"),
    )
    return True


def _without_reference(draft: Draft, debtor: Debtor, item: OpenItem, kind: str) -> bool:
    booked = draft.day(item)
    twins = [other for other in draft.free(debtor, by=booked) if other.open_amount == item.open_amount]
    if not _invoice(item) or (len(twins) > 1 and draft.chance.random() < 0.85):
        return False
    draft.emit(
        kind,
        debtor,
        item.open_amount,
        _words(draft, debtor, item, NOTHING, ""),
        [in_full(item)],
        booked=booked,
        exception_kinds=(*AMOUNT_DOUBT, "unknown_payer"),
    )
    return True


def no_reference_known_account(draft: Draft, debtor: Debtor, item: OpenItem) -> bool:
    return debtor.iban_known and debtor.wire != "ofx" and _without_reference(draft, debtor, item, "no_ref_account")


def no_reference_name_only(draft: Draft, debtor: Debtor, item: OpenItem) -> bool:
    known = debtor.iban_known and debtor.wire != "ofx"
    return not known and not debtor.trade_name and _without_reference(draft, debtor, item, "no_ref_name")


def _several(draft: Draft, debtor: Debtor, item: OpenItem, most: int) -> list[OpenItem]:
    others = [other for other in draft.free(debtor, by=draft.as_of) if other is not item and _invoice(other)]
    if not _invoice(item) or not others:
        return []
    return [item, *draft.chance.sample(others, min(len(others), draft.chance.randint(1, most - 1)))]


def list_with_references(draft: Draft, debtor: Debtor, item: OpenItem) -> bool:
    items = _several(draft, debtor, item, draft.chance.choice((2, 3, 3, 4, 6, 9)))
    if not items:
        return False
    numbers = [one.number for one in items]
    if draft.chance.random() < 0.12:
        numbers = [_slip(draft, debtor, one) for one in items]
        listed = ", ".join(numbers)
    else:
        listed = shorthand(draft.chance, numbers)
    words = _words(draft, debtor, item, MANY, listed)
    draft.emit(
        "list",
        debtor,
        sum(one.open_amount for one in items),
        words,
        [in_full(one) for one in items],
        booked=max(draft.day(one) for one in items),
        exception_kinds=AMOUNT_DOUBT,
    )
    return True


def many_without_references(draft: Draft, debtor: Debtor, item: OpenItem) -> bool:
    if not draft.untouched(debtor) or not debtor.iban_known or debtor.wire == "ofx":
        return False
    booked = draft.as_of
    free = [one for one in draft.free(debtor, by=booked) if _invoice(one)]
    roll = draft.chance.random()
    if roll < 0.5:
        items = [one for one in free if one.due_on <= booked]
    elif roll < 0.75:
        items = [
            one
            for one in free
            if (one.issued_on.year, one.issued_on.month) == (item.issued_on.year, item.issued_on.month)
        ]
    else:
        items = draft.chance.sample(free, min(len(free), draft.chance.choice((2, 2, 3))))
    if len(items) < 2 or len(items) > 30:
        return False
    words = _words(draft, debtor, item, NOTHING, "")
    draft.emit(
        "many_no_ref",
        debtor,
        sum(one.open_amount for one in items),
        words,
        [in_full(one) for one in items],
        booked=booked,
        exception_kinds=AMOUNT_DOUBT,
    )
    draft.locked.add(debtor.customer_id)
    return True


def discount(draft: Draft, debtor: Debtor, item: OpenItem) -> bool:
    booked = draft.day(item)
    if (
        not item.discount_until
        or item.discount_until + timedelta(days=3) < booked
        or item.open_amount != item.original_amount
    ):
        return False
    true = TrueItem(item_id=item.item_id, cash=item.open_amount - item.discount_amount, discount=item.discount_amount)
    words = _words(draft, debtor, item, DISCOUNT, item.number)
    draft.emit(
        "discount", debtor, true.cash, words, [true], booked=booked, exception_kinds=("short_payment", "ambiguous")
    )
    return True


def late_discount(draft: Draft, debtor: Debtor, item: OpenItem) -> bool:
    booked = draft.day(item)
    if (
        not item.discount_until
        or item.discount_until + timedelta(days=4) > booked
        or item.open_amount != item.original_amount
    ):
        return False
    true = TrueItem(item_id=item.item_id, cash=item.open_amount - item.discount_amount)
    words = _words(draft, debtor, item, DISCOUNT, item.number)
    draft.emit("late_discount", debtor, true.cash, words, [true], booked=booked, exception_kinds=("short_payment",))
    return True


def bank_charge(draft: Draft, debtor: Debtor, item: OpenItem) -> bool:
    fee = draft.chance.choice((250, 500, 750, 1000, 1200, 1500))
    if not _invoice(item) or item.open_amount < 40 * fee:
        return False
    told = draft.chance.random() < 0.5
    true = TrueItem(item_id=item.item_id, cash=item.open_amount - fee, write_off=fee, open_instead=True)
    draft.emit(
        "bank_charge",
        debtor,
        true.cash,
        _words(draft, debtor, item, SINGLE, item.number),
        [true],
        booked=draft.day(item),
        exception_kinds=("short_payment", "ambiguous"),
        charge_bearer="SHA",
        charges=fee if told else 0,
        instructed_amount=item.open_amount if told else None,
        instructed_currency="EUR" if told else "",
    )
    return True


def deduction(draft: Draft, debtor: Debtor, item: OpenItem) -> bool:
    if not _invoice(item) or item.open_amount < 20_000:
        return False
    short = round(item.open_amount * draft.chance.uniform(0.04, 0.3))
    true = TrueItem(item_id=item.item_id, cash=item.open_amount - short)
    draft.emit(
        "deduction",
        debtor,
        true.cash,
        _words(draft, debtor, item, DEDUCTION, item.number),
        [true],
        booked=draft.day(item),
        exception_kinds=("short_payment", "ambiguous", "credit_note_unclear"),
    )
    return True


def rounding(draft: Draft, debtor: Debtor, item: OpenItem) -> bool:
    off = draft.chance.choice((1, 2, 5, 10, 30, 50, 99)) if item.open_amount > 30_000 else 0
    off = min(off, item.open_amount % 100) or off
    if not off or not _invoice(item):
        return False
    true = TrueItem(item_id=item.item_id, cash=item.open_amount - off, write_off=off, open_instead=True)
    draft.emit(
        "rounding",
        debtor,
        true.cash,
        _words(draft, debtor, item, SINGLE, item.number),
        [true],
        booked=draft.day(item),
        exception_kinds=("short_payment",),
    )
    return True


def partial(draft: Draft, debtor: Debtor, item: OpenItem) -> bool:
    if not _invoice(item) or item.open_amount < 30_000:
        return False
    share = draft.chance.choice((3, 4, 5, 5, 6)) * 10
    cash = item.open_amount * share // 100
    if draft.chance.random() < 0.5:
        cash = max(10_000, cash // 10_000 * 10_000)
    true = TrueItem(item_id=item.item_id, cash=cash)
    draft.emit(
        "partial",
        debtor,
        cash,
        _words(draft, debtor, item, PARTIAL, item.number),
        [true],
        booked=draft.day(item),
        exception_kinds=("short_payment", "ambiguous", "credit_note_unclear"),
    )
    return True


def over(draft: Draft, debtor: Debtor, item: OpenItem) -> bool:
    if not _invoice(item):
        return False
    extra = draft.chance.choice((100, 500, 1_000, 5_000, 10_000, max(100, round(item.open_amount * 0.02))))
    words = _words(draft, debtor, item, SINGLE, item.number)
    draft.emit(
        "over",
        debtor,
        item.open_amount + extra,
        words,
        [in_full(item)],
        booked=draft.day(item),
        exception_kinds=("over_payment", "ambiguous"),
    )
    return True


def credit_note(draft: Draft, debtor: Debtor, item: OpenItem) -> bool:
    free = draft.free(debtor, by=draft.as_of)
    notes = [
        one for one in free if one.open_amount < 0 and one.currency == "EUR" and -one.open_amount < item.open_amount
    ]
    if not _invoice(item) or not notes:
        return False
    credit = draft.chance.choice(notes)
    named = draft.chance.random() < 0.6
    parts = draft.parts(debtor, item)
    words = (
        say(draft.chance, CREDIT, debtor.language, n=item.number, g=credit.number, **parts)
        if named
        else say(draft.chance, SINGLE, debtor.language, n=item.number, **parts)
    )
    draft.emit(
        "credit_named" if named else "credit_unnamed",
        debtor,
        item.open_amount + credit.open_amount,
        words,
        [in_full(item), in_full(credit)],
        booked=draft.as_of,
        exception_kinds=("credit_note_unclear", "short_payment", "ambiguous"),
    )
    return True


def third_party(draft: Draft, debtor: Debtor, item: OpenItem) -> bool:
    """A declared payer, the group head, or a stranger pays; only a stranger needs the reference to be perfect."""
    payer = debtor.agent
    if debtor.parent and draft.chance.random() < 0.7:
        head = draft.by_id[debtor.parent]
        payer = (head.name, head.iban)
    if not payer or not _invoice(item):
        return False
    words = _words(draft, debtor, item, SINGLE, item.number)
    draft.emit(
        "third_party",
        debtor,
        item.open_amount,
        words,
        [in_full(item)],
        booked=draft.day(item),
        payer=payer,
        exception_kinds=("payer_mismatch", "unknown_payer"),
    )
    return True


def merged_company(draft: Draft, debtor: Debtor, item: OpenItem) -> bool:
    """The customer trades under another name since a merger, from an account nobody knows."""
    if not debtor.trade_name or debtor.iban_known or not _invoice(item):
        return False
    with_number = draft.chance.random() < 0.6
    words = _words(draft, debtor, item, SINGLE if with_number else NOTHING, item.number)
    draft.emit(
        "merged" if with_number else "merged_no_ref",
        debtor,
        item.open_amount,
        words,
        [in_full(item)],
        booked=draft.day(item),
        exception_kinds=("unknown_payer", "no_match", "ambiguous"),
    )
    return True


def order_number_only(draft: Draft, debtor: Debtor, item: OpenItem) -> bool:
    if not item.other_references or not _invoice(item):
        return False
    words = _words(draft, debtor, item, ORDER, item.other_references[0])
    draft.emit(
        "order_only",
        debtor,
        item.open_amount,
        words,
        [in_full(item)],
        booked=draft.day(item),
        exception_kinds=AMOUNT_DOUBT,
    )
    return True


def split(draft: Draft, debtor: Debtor, item: OpenItem) -> bool:
    """One invoice by two or three payments of the same day or the days after."""
    if not _invoice(item) or item.open_amount < 50_000:
        return False
    first = item.open_amount * draft.chance.choice((30, 40, 50, 60)) // 100
    for cash in (first, item.open_amount - first):
        words = _words(draft, debtor, item, SINGLE, item.number)
        draft.emit(
            "split",
            debtor,
            cash,
            words,
            [TrueItem(item_id=item.item_id, cash=cash)],
            booked=draft.as_of,
            exception_kinds=("short_payment", "ambiguous", "credit_note_unclear"),
        )
    return True


def advice(draft: Draft, debtor: Debtor, item: OpenItem) -> bool:
    """A payment with structured remittance: every document with its own amount, some with a deduction."""
    items = _several(draft, debtor, item, 12)
    if not items:
        return False
    documents, true = [], []
    for one in items:
        cut = round(one.open_amount * 0.05) if draft.chance.random() < 0.1 and one.open_amount > 10_000 else 0
        documents.append(
            RemittanceDocument(
                type="CINV",
                number=one.number,
                remitted=one.open_amount - cut,
                discount=None,
                adjustment=-cut if cut else None,
                adjustment_reason="Freight" if cut else None,
            )
        )
        true.append(TrueItem(item_id=one.item_id, cash=one.open_amount - cut))
    draft.emit(
        "advice",
        debtor,
        sum(one.cash for one in true),
        "",
        true,
        booked=draft.as_of,
        documents=tuple(documents),
        exception_kinds=("short_payment", "ambiguous"),
        plain=True,
    )
    return True


def factor_batch_with_advice(draft: Draft, debtor: Debtor, item: OpenItem) -> bool:
    """A factor or payment provider pays for several customers at once and says for which documents."""
    chosen: dict[str, tuple[Debtor, OpenItem]] = {}
    for _ in range(draft.chance.randint(3, 8)):
        owner, one = draft.deal()
        if _invoice(one) and one.issued_on < draft.as_of - timedelta(days=5):
            chosen[one.item_id] = (owner, one)
    if len(chosen) < 2:
        return False
    documents = tuple(
        RemittanceDocument(
            type="CINV",
            number=one.number,
            remitted=one.open_amount,
            discount=None,
            adjustment=None,
            adjustment_reason=None,
        )
        for _, one in chosen.values()
    )
    draft.emit(
        "factor_advice",
        debtor,
        sum(one.open_amount for _, one in chosen.values()),
        "FACTORING SETTLEMENT",
        [in_full(one) for _, one in chosen.values()],
        booked=draft.as_of,
        documents=documents,
        plain=True,
        payer=("Nordfactor Bank AG", "DE12500105170648489890"),
        exception_kinds=("payer_mismatch", "unknown_payer", "bulk_without_remittance"),
    )
    return True


def foreign_currency(draft: Draft, debtor: Debtor, item: OpenItem) -> bool:
    """Our dollar account is paid dollars for a dollar invoice; euro items of the same figure do not count."""
    dollars = [one for one in draft.free(debtor, by=draft.as_of) if one.currency == "USD" and one.open_amount > 0]
    if not dollars:
        return False
    one = draft.chance.choice(dollars)
    words = _words(draft, debtor, one, SINGLE, one.number)
    draft.emit(
        "usd_account",
        debtor,
        one.open_amount,
        words,
        [in_full(one)],
        booked=draft.day(one),
        currency="USD",
        account="DE88500105175407324999",
    )
    return True


def paid_again_after_return(draft: Draft, debtor: Debtor, item: OpenItem) -> bool:
    """The bank took the first payment back some days ago; now the same invoice is paid again."""
    if not _invoice(item):
        return False
    words = _words(draft, debtor, item, SINGLE, item.number)
    back = draft.as_of - timedelta(days=3)
    if item.issued_on > back:
        return False
    draft.emit(
        "return",
        debtor,
        -item.open_amount,
        words,
        (),
        booked=back,
        outcome="abstain",
        reversal=True,
        return_reason=draft.chance.choice(("AM04", "MD06", "AC04")),
        transaction_code="PMNT/RDDT/UPDD",
        exception_kinds=("returned_payment", "outgoing_unexplained"),
    )
    draft.emit(
        "repaid",
        debtor,
        item.open_amount,
        words,
        [in_full(item)],
        booked=draft.as_of,
        exception_kinds=("duplicate_payment", "returned_payment"),
    )
    return True
