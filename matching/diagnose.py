"""Why a payment was not posted: the kind of exception it becomes, and the reason in words."""

import re
from collections.abc import Callable

from matching.arbitration import Proposal
from matching.explain import money
from matching.grades import REFERENCE_WORDS, Payer, Reference
from matching.hypothesis import Hypothesis
from matching.index import LedgerIndex
from matching.model.decision import ExceptionKind
from matching.reading import Reading
from matching.text.normal import plain

Diagnosis = tuple[ExceptionKind, str]
_ACQUIRER = re.compile(
    r"\b(?:ADYEN|STRIPE|MOLLIE|PAYPAL|KLARNA|PAYONE|WORLDLINE|WORLDPAY|NETS|SUMUP|REDSYS|PAYU|VIPPS|MOBILEPAY|SIBS|GOCARDLESS"
    r"|CONCARDIS|TELECASH|EURONET|ELAVON|BAMBORA|NEXI|SQUARE|SHOPIFY PAYMENTS|AMAZON PAYMENTS|CHECKOUT COM|PRZELEWY24"
    r"|TPAY|DOTPAY|BUCKAROO|MULTISAFEPAY|CCV|FIRST DATA|AMERICAN EXPRESS|DINERS)\b"
)
_SETTLEMENT = re.compile(
    r"\bSETTLEMENT\b|\bPAY-?OUT\b|\bBATCH\b|SAMMELGUTSCHRIFT|SAMMELUEBERWEISUNG|KARTENUMSA|KARTENZAHLUNGEN|UTBETALNING"
    r"|OPPGJOR|OPPGJOER|REMISE CARTES?|VERSEMENT CB|VERZAMELBETALING|UITBETALING|WYPLATA ZBIORCZA|LIQUIDACION TPV"
)
_SHOWN = 3
_PAYER_SHORT = {
    Payer.OTHER: "the payer is known as another customer",
    Payer.UNKNOWN: "the payer is not known",
    Payer.SIMILAR: "the payer's name is only similar",
    Payer.NAMED: "the payer is known by name only",
    Payer.ACCOUNT: "the payer's account is known",
}
_NOTHING_FITS = "The payer is known, but no open item or sum of items fits the amount."


def diagnose(proposal: Proposal, index: LedgerIndex) -> Diagnosis:
    """The first of the reasons that applies, the most telling first."""
    for reason in _REASONS:
        found = reason(proposal, index)
        if found is not None:
            return found
    return _of_the_best(proposal.best, proposal.reading)


def _lost(proposal: Proposal, index: LedgerIndex) -> Diagnosis | None:
    del index
    if proposal.lost_to is None:
        return None
    twin = proposal.lost_to.payment
    same = twin.amount == proposal.payment.amount and proposal.best.reference >= Reference.DIGITS
    return ("duplicate_payment" if same else "ambiguous"), f"{proposal.why_not.capitalize()} ({twin.booked_on})."


def _disputed(proposal: Proposal, index: LedgerIndex) -> Diagnosis | None:
    if proposal.hypotheses and any(index.open.disputed[line.place] for line in proposal.best.lines):
        return "disputed_item", "The item that the payment settles is disputed."
    return None


def _foreign(proposal: Proposal, index: LedgerIndex) -> Diagnosis | None:
    reading = proposal.reading
    if len(reading.instructed) == 1:
        payment, place = reading.payment, reading.instructed[0]
        ordered = money(payment.instructed_amount or 0, payment.instructed_currency)
        number = index.open.numbers[place]
        why = (
            f"The payer ordered {ordered}, exactly what {number} is open for; the ERP clears it with the exchange rate."
        )
        return "currency_mismatch", why
    if not reading.foreign:
        return None
    number = reading.foreign[0].shown
    return "currency_mismatch", f"{number} is open in another currency than the payment's."


def _settled(proposal: Proposal, index: LedgerIndex) -> Diagnosis | None:
    closed = proposal.reading.closed
    best = proposal.best if proposal.hypotheses else None
    if not closed or not (best is None or best.reference <= Reference.NEAR or "settled" in " ".join(best.doubts)):
        return None
    table = index.settled
    paid = [p for mention in closed for p in mention.closed if table.original[p] == proposal.payment.amount]
    if paid:
        return "duplicate_payment", f"{table.numbers[paid[0]]} is settled already; this may be a second payment of it."
    place = closed[0].closed[0]
    was = money(table.original[place], table.currencies[table.currency[place]])
    return "wrong_reference", f"{table.numbers[place]} is settled already, and its amount was another one, {was}."


def _nothing(proposal: Proposal, index: LedgerIndex) -> Diagnosis | None:
    reading = proposal.reading
    if proposal.hypotheses and proposal.best.confidence >= index.policy.propose_from:
        return None
    if reading.unknown_numbers:
        return "wrong_reference", f"The text names {reading.unknown_numbers[0]}, which is no document of the ledger."
    if reading.likely[1] > Payer.UNKNOWN:
        same = sorted(place for place in reading.exactly_paid if reading.payer_grade(index.open.customer[place]))
        if same:
            number = index.open.numbers[same[0]]
            return "ambiguous", f"{number} has exactly this amount, but the text names other documents or too many."
        return _anothers(reading) or ("no_match", _NOTHING_FITS)
    return "unknown_payer", "Neither the payer nor a document could be recognised."


def _anothers(reading: Reading) -> Diagnosis | None:
    """What the text names in full, where all of it is somebody else's."""
    table, parties = reading.index.open, reading.index.parties
    named = [mention for mention in reading.strong if mention.items and mention.grade >= Reference.DIGITS]
    if not named or any(reading.payer_grade(table.customer[p]) > Payer.OTHER for m in named for p in m.items):
        return None
    place = named[0].items[0]
    owner = parties.customers[table.customer[place]]
    payers = reading.likely[0]
    payer = parties.customers[payers[0]].name if payers else ""
    said = f"{table.numbers[place]} is an invoice to {owner.name or owner.customer_id}, and its amount is another one"
    return "payer_mismatch", f"{said}; the payer is known as {payer or 'another customer'}."


def _bulk(proposal: Proposal, index: LedgerIndex) -> Diagnosis | None:
    """One sum for many documents, and no list of them: from a card acquirer, a portal, a collective transfer."""
    del index
    reading = proposal.reading
    if (
        reading.likely[1] >= Payer.NAMED
        or any(mention.items for mention in reading.strong)
        or reading.payment.documents
    ):
        return None
    if _ACQUIRER.search(plain(reading.payment.payer_name)) or _SETTLEMENT.search(reading.text):
        return "bulk_without_remittance", "A settlement of many payments in one sum; ask for its list of documents."
    return None


_REASONS: tuple[Callable[[Proposal, LedgerIndex], Diagnosis | None], ...] = (
    _lost,
    _disputed,
    _foreign,
    _settled,
    _bulk,
    _nothing,
)


def _of_the_best(best: Hypothesis, reading: Reading) -> Diagnosis:
    """What the strongest explanation lacks."""
    doubts = "; ".join(best.doubts)
    because = doubts[:1].upper() + doubts[1:] + "." if doubts else ""
    if best.payer is Payer.OTHER and best.reference >= Reference.DIGITS:
        return "payer_mismatch", f"{_owed(best, reading)}: {doubts}." if doubts else because
    if reading.unknown_numbers and best.reference is Reference.NONE:
        return "wrong_reference", because
    if doubts and best.reference >= Reference.PART and best.relation in {"over", "short"}:
        because = f"{_owed(best, reading)}: {doubts}."
    return _by_amount(best, because)


def _owed(best: Hypothesis, reading: Reading) -> str:
    """What is named, who owes it, and what is open of it."""
    table = reading.index.open
    owner = reading.index.parties.customers[table.customer[best.lines[0].place]]
    total = sum(table.open[place] for place in best.places)
    numbers = ", ".join(table.numbers[place] for place in best.places[:_SHOWN])
    more = f" and {len(best.lines) - _SHOWN} more" if len(best.lines) > _SHOWN else ""
    return f"{numbers}{more} of {owner.name or owner.customer_id}, open {money(total, reading.payment.currency)}"


def _by_amount(best: Hypothesis, because: str) -> Diagnosis:
    weak = f"{REFERENCE_WORDS[best.reference]}, and {_PAYER_SHORT[best.payer]}: not enough to post."
    if best.relation == "credit_taken":
        return "credit_note_unclear", because or "A credit that the text does not name explains the difference."
    if best.relation == "over":
        return "over_payment", because or f"More was paid than is open, {weak}"
    if best.relation == "short" and best.reference is Reference.NONE:
        return "no_match", _NOTHING_FITS
    if best.relation in {"short", "late", "tolerated"}:
        return "short_payment", because or f"Less was paid than is open, {weak}"
    return "ambiguous", because or f"{weak[:1].upper()}{weak[1:]}"
