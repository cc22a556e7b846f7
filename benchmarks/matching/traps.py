"""The case kinds of the first world that no engine may post, and noise that is no customer payment."""

from datetime import timedelta

from benchmarks.matching.draft import SECOND_HOUSE_ACCOUNT, Draft, in_full
from benchmarks.matching.people import Debtor, company_name, draw_amount, make_iban
from benchmarks.matching.texts import SINGLE, say
from matching.model.open_item import OpenItem

DOUBT = ("duplicate_payment", "ambiguous", "no_match", "wrong_reference")


def _euro_invoice(item: OpenItem) -> bool:
    return item.open_amount > 0 and item.currency == "EUR"


def _euro_closed(item: OpenItem) -> bool:
    return item.original_amount > 0 and item.currency == "EUR"


def duplicate_of_settled(draft: Draft, debtor: Debtor, item: OpenItem) -> bool:
    """An invoice that was settled a few days ago is paid a second time, mostly quoting its number."""
    recent = [
        one
        for one in debtor.closed
        if _euro_closed(one) and one.settled_on and one.settled_on > draft.as_of - timedelta(days=40)
    ]
    if not recent:
        return False
    closed = draft.chance.choice(recent)
    quoting = draft.chance.random() < 0.8
    if not quoting and (
        not debtor.iban_known or any(one.open_amount == closed.original_amount for one in debtor.items)
    ):
        return False
    words = (
        say(draft.chance, SINGLE, debtor.language, n=closed.number, **draft.parts(debtor, closed)) if quoting else ""
    )
    draft.emit(
        "duplicate",
        debtor,
        closed.original_amount,
        words,
        (),
        booked=draft.as_of,
        outcome="abstain",
        exception_kinds=DOUBT,
    )
    return True


def duplicate_in_batch(draft: Draft, debtor: Debtor, item: OpenItem) -> bool:
    """The same invoice twice in one batch; the later one is the double."""
    if not _euro_invoice(item) or item.issued_on > draft.as_of - timedelta(days=4):
        return False
    words = say(draft.chance, SINGLE, debtor.language, n=item.number, **draft.parts(debtor, item))
    first = draft.as_of - timedelta(days=draft.chance.choice((2, 3)))
    draft.emit("exact", debtor, item.open_amount, words, [in_full(item)], booked=first)
    draft.emit(
        "duplicate", debtor, item.open_amount, words, (), booked=draft.as_of, outcome="abstain", exception_kinds=DOUBT
    )
    return True


def old_number_other_amount(draft: Draft, debtor: Debtor, item: OpenItem) -> bool:
    """An old template: the number of a settled invoice, the amount of an open one. A person must look."""
    old = [one for one in debtor.closed if _euro_closed(one) and one.original_amount != item.open_amount]
    if not _euro_invoice(item) or not old or not debtor.iban_known:
        return False
    closed = draft.chance.choice(old)
    words = say(draft.chance, SINGLE, debtor.language, n=closed.number, **draft.parts(debtor, closed))
    draft.emit(
        "closed_ref",
        debtor,
        item.open_amount,
        words,
        [in_full(item)],
        booked=draft.day(item),
        outcome="abstain",
        exception_kinds=("wrong_reference", "duplicate_payment", "ambiguous"),
    )
    return True


def wrong_reference(draft: Draft, debtor: Debtor, item: OpenItem) -> bool:
    """A number that belongs to another customer's open item of another amount, from a payer who is known."""
    other, foreign = draft.deal()
    amount = draw_amount(draft.chance, debtor) + draft.chance.randrange(1, 99)
    known = {one.open_amount for one in debtor.items}
    related = {other.parent, other.customer_id} & {debtor.parent or debtor.customer_id, debtor.customer_id}
    if related or not debtor.iban_known or amount in known or foreign.open_amount == amount:
        return False
    words = say(draft.chance, SINGLE, debtor.language, n=foreign.number, **draft.parts(debtor, foreign))
    draft.emit(
        "wrong_ref",
        debtor,
        amount,
        words,
        (),
        booked=draft.as_of,
        outcome="abstain",
        exception_kinds=("wrong_reference", "payer_mismatch", "no_match", "ambiguous"),
    )
    return True


def neighbour_of_equal_price(draft: Draft, debtor: Debtor, item: OpenItem) -> bool:
    """A slip turns the number into another customer's open invoice of the very same amount, from a known account."""
    twins = [
        (other, one)
        for other in draft.chance.sample(draft.debtors, min(150, len(draft.debtors)))
        if other is not debtor and other.parent != debtor.customer_id and debtor.parent != other.customer_id
        for one in other.items
        if one.open_amount == item.open_amount and one.currency == item.currency
    ]
    if not _euro_invoice(item) or not debtor.iban_known or debtor.wire == "ofx" or not twins:
        return False
    _, foreign = draft.chance.choice(twins)
    words = say(draft.chance, SINGLE, debtor.language, n=foreign.number, **draft.parts(debtor, foreign))
    draft.emit(
        "foreign_twin",
        debtor,
        item.open_amount,
        words,
        [in_full(item)],
        booked=draft.day(item),
        outcome="abstain",
        payer=(debtor.name, debtor.iban),
        payer_account=debtor.iban,
        exception_kinds=("payer_mismatch", "wrong_reference", "ambiguous"),
    )
    return True


def misdirected(draft: Draft, debtor: Debtor, item: OpenItem) -> bool:
    """A stranger pays us an invoice of somebody else; the number has a shape like ours."""
    name = company_name(draft.chance, debtor.country)
    if name in draft.names:
        return False
    stranger = name, make_iban(draft.chance, debtor.country)
    number = f"{draft.chance.choice(('RE', 'F', 'INV-', ''))}{draft.chance.randrange(10**5, 10**7)}"
    # The customer number is the stranger's at the supplier that was meant, so it is none of ours.
    parts = draft.parts(debtor, item) | {"c": f"{draft.chance.randrange(90_000, 99_999)}"}
    words = say(draft.chance, SINGLE, debtor.language, n=number, **parts)
    amount = (
        item.open_amount if item.open_amount > 0 and draft.chance.random() < 0.5 else draw_amount(draft.chance, debtor)
    )
    draft.emit(
        "misdirected",
        debtor,
        amount,
        words,
        (),
        booked=draft.as_of,
        payer=stranger,
        outcome="abstain",
        exception_kinds=("unknown_payer", "no_match"),
    )
    return True


def bulk_without_advice(draft: Draft, debtor: Debtor, item: OpenItem) -> bool:
    """A card or factoring settlement: one sum for many documents, less a fee, and no list."""
    payer = draft.chance.choice(
        (("PAYONE GMBH", ""), ("Adyen N.V.", "NL39ADYB2006000123"), ("Stichting Mollie Payments", ""))
    )
    amount = sum(max(0, draft.deal()[1].open_amount) for _ in range(6)) * 985 // 1000
    draft.emit(
        "bulk",
        debtor,
        amount + 1,
        f"SETTLEMENT BATCH {draft.chance.randrange(10**7, 10**8)} LESS FEES",
        (),
        booked=draft.as_of,
        payer=payer,
        outcome="abstain",
        plain=True,
        exception_kinds=("bulk_without_remittance", "unknown_payer", "no_match"),
    )
    return True


def noise(draft: Draft, debtor: Debtor, item: OpenItem) -> bool:
    """Bank fees, interest, own transfers, supplier payments, taxes, salaries: no customer payment."""
    chance = draft.chance
    supplier = company_name(chance, debtor.country), make_iban(chance, debtor.country)
    amount = item.open_amount if chance.random() < 0.3 else draw_amount(chance, debtor)
    amount = abs(amount)
    shapes = (
        (-chance.randrange(200, 9_000), "Entgelt Kontofuehrung 10/2026", ("", ""), "PMNT/ACMT/CHRG", ""),
        (chance.randrange(100, 5_000), "Habenzinsen 3. Quartal", ("", ""), "PMNT/ACMT/INTR", ""),
        (amount, "Umbuchung Liquiditaet", ("Unser Haus GmbH", SECOND_HOUSE_ACCOUNT), "PMNT/RCDT/BOOK", "INTC"),
        (-amount, "Umbuchung", ("Unser Haus GmbH", SECOND_HOUSE_ACCOUNT), "PMNT/ICDT/BOOK", "INTC"),
        (-amount, f"Ihre Rechnung {chance.randrange(10**5, 10**6)}", supplier, "PMNT/ICDT/ESCT", ""),
        (
            -chance.randrange(150_000, 500_000),
            "Lohn/Gehalt 10/2026",
            ("Erika Beispiel", supplier[1]),
            "PMNT/ICDT/SALA",
            "SALA",
        ),
        (-amount, "USt-Voranmeldung 09/2026", ("Finanzamt", ""), "PMNT/ICDT/ESCT", "TAXS"),
        (
            amount,
            "Erstattung Umsatzsteuer 2026",
            ("Finanzamt Mitte", "DE86200000000020001577"),
            "PMNT/RCDT/ESCT",
            "TAXS",
        ),
    )
    value, words, payer, code, purpose = chance.choice(shapes)
    draft.emit(
        "noise",
        debtor,
        value,
        words,
        (),
        booked=draft.as_of,
        payer=payer,
        outcome="ignore",
        plain=True,
        transaction_code=code,
        purpose=purpose,
        end_to_end_id="",
        exception_kinds=("no_match", "unknown_payer", "outgoing_unexplained"),
    )
    return True
