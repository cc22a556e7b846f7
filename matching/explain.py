"""Decisions in words: one sentence that a clerk can check against the statement, and the evidence as rows."""

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from rapidfuzz import fuzz

from matching.grades import PAYER_WORDS, REFERENCE_WORDS, Payer, Reference
from matching.hypothesis import Hypothesis, Line
from matching.index import LedgerIndex
from matching.model.currencies import MINOR_DIGITS
from matching.model.decision import Allocation, Evidence
from matching.model.payment import Payment
from matching.text.names import name_key
from matching.text.normal import compact

_RELATIONS = {
    "exact": "the amount is exactly what is open",
    "discount": "the amount is what is open less the early-payment discount",
    "advice": "the amounts stated per document make up the payment",
    "tolerated": "the difference is within what may be written off",
    "late": "the amount is less the early-payment discount, taken too late",
    "short": "less was paid than is open",
    "over": "more was paid than is open",
    "completed": "what is left is exactly one further item",
    "credit_taken": "the difference is exactly a credit of the customer",
    "family": "the amount is exactly their sum",
    "guess": "the amount fits",
}
_REFERENCE_GRADES = {grade: grade.name.lower() for grade in Reference}
_PAYER_GRADES = {grade: grade.name.lower() for grade in Payer}
_MOST_NUMBERS = 5
_WEAKLY = {Reference.NEAR: "with a typing slip", Reference.PART: "by part of its number"}
_LONGEST_QUOTED = 40
_ALIKE = 80.0
_LOOK_ALIKE = {"0": "OQ", "1": "IL", "5": "S", "8": "B"}
_WIDEST_GAP = 4


class _Folded(dict[int, str | None]):
    """Letters and digits by their code, upper case, what looks alike as one digit; everything else is left out."""

    def __missing__(self, code: int) -> None:
        return None


_FOLDED = _Folded({ord(sign): sign.upper() for sign in map(chr, range(128)) if sign.isalnum()})
_FOLDED |= {ord(letter): digit for digit, alike in _LOOK_ALIKE.items() for letter in alike + alike.lower()}


@lru_cache(maxsize=1_000)
def money(minor: int, currency: str) -> str:
    """An amount as a person reads it.

    >>> money(123450, "EUR"), money(-5, "EUR"), money(1200, "JPY")
    ('1234.50 EUR', '-0.05 EUR', '1200 JPY')
    """
    digits = MINOR_DIGITS.get(currency, 2)
    sign, size = ("-" if minor < 0 else ""), abs(minor)
    whole, fraction = divmod(size, 10**digits)
    return f"{sign}{whole}.{fraction:0{digits}d} {currency}" if digits else f"{sign}{whole} {currency}"


def sentence(hypothesis: Hypothesis, payment: Payment, index: LedgerIndex) -> str:
    """Which documents, what was paid on them, how they were named, who paid, how the amount fits."""
    numbers = _numbers(hypothesis.lines, index)
    quoted = ""
    if hypothesis.quoted:
        quoted = f", {_how_named(hypothesis, payment, index)}"
    elif hypothesis.reference == 0:
        quoted = ", no document named"
    paid = money(payment.amount, payment.currency)
    return (
        f"{paid} for {numbers}{quoted}; {_who(hypothesis, payment, index)}; {_amounts(hypothesis, payment.currency)}."
    )


def _how_named(hypothesis: Hypothesis, payment: Payment, index: LedgerIndex) -> str:
    """How the documents stand on the statement; of a list, how the weakest of them does."""
    shown = "'" + "', '".join([_as_it_stands(text, payment) for text in hypothesis.quoted[:_MOST_NUMBERS]]) + "'"
    if hypothesis.rule == "period_named":
        return f"of the month that the text names ({shown[1:-1]})"
    if len(hypothesis.quoted) > 1 and Reference.NONE < hypothesis.reference < Reference.DIGITS:
        return f"named as {shown}, one of them {_WEAKLY[hypothesis.reference]}"
    return f"{_by_order(hypothesis, index) or REFERENCE_WORDS[hypothesis.reference]} as {shown}"


def _by_order(hypothesis: Hypothesis, index: LedgerIndex) -> str:
    """That an order or delivery number was given, where the one item is known by that."""
    if len(hypothesis.lines) != 1 or hypothesis.reference < Reference.DIGITS:
        return ""
    others = index.open.others[hypothesis.lines[0].place]
    if not others:
        return ""
    known = {compact(other) for other in others}
    return "named by its order number" if known & {compact(text) for text in hypothesis.quoted} else ""


def _numbers(lines: Sequence[Line], index: LedgerIndex) -> str:
    table = index.open
    if len(lines) == 1:
        return table.numbers[lines[0].place]
    shown = ", ".join(table.numbers[line.place] for line in lines[:_MOST_NUMBERS])
    more = len(lines) - _MOST_NUMBERS
    return f"{shown} and {more} more" if more > 0 else shown


def _as_it_stands(quoted: str, payment: Payment) -> str:
    """What was looked up, as the statement has it: with its marks and blanks, letters typed for digits included."""
    text = payment.remittance or " ".join(payment.remittance_lines)
    if quoted in text or not quoted or len(quoted) > _LONGEST_QUOTED:
        return quoted
    signs = [sign for sign in quoted.upper() if sign.isalnum()]
    wanted = "".join(signs).translate(_FOLDED)
    folded = text.translate(_FOLDED)
    at = folded.find(wanted) if wanted and quoted.isascii() else -1
    places = [place for place, sign in enumerate(text) if sign.isascii() and sign.isalnum()] if at >= 0 else []
    while at >= 0:
        span = places[at : at + len(wanted)]
        near = all(behind - before <= _WIDEST_GAP + 1 for before, behind in pairwise(span))
        if near and all(_reads(text[place].upper(), sign) for place, sign in zip(span, signs, strict=True)):
            return text[span[0] : span[-1] + 1]
        at = folded.find(wanted, at + 1)
    return quoted


def _reads(written: str, sign: str) -> bool:
    return written == sign or written in _LOOK_ALIKE.get(sign, ())


def _who(hypothesis: Hypothesis, payment: Payment, index: LedgerIndex) -> str:
    place = index.open.customer[hypothesis.lines[0].place] if hypothesis.lines else -1
    customer = index.parties.customers[place] if hypothesis.lines else None
    name = customer.name or customer.customer_id if customer else ""
    if hypothesis.payer is Payer.ACCOUNT:
        return f"paid from account {payment.payer_account}, {_whose(payment, place, name, index)}"
    if not payment.payer_name and hypothesis.payer is Payer.UNKNOWN:
        return f"the bank names no payer; {name} owes it"
    shown = f"payer '{payment.payer_name}'" if payment.payer_name else "the payer"
    if hypothesis.payer is Payer.NAMED and customer is not None:
        return _named(payment, shown, name, customer.customer_id)
    return f"{shown} {PAYER_WORDS[hypothesis.payer].format(name=name)}"


def _whose(payment: Payment, place: int, name: str, index: LedgerIndex) -> str:
    """What ties the account to the customer: its own, its group's, a declared payer's, or confirmed by people."""
    parties, account = index.parties, compact(payment.payer_account)
    owners = parties.by_account.get(account, ())
    if place in owners:
        return f"known for {name}"
    if parties.pays_for(account, place):
        return f"declared as payer for {name}"
    if place in parties.confirmed_accounts.get(account, ()):
        return f"confirmed by people for {name}"
    head = next((owner for owner in owners if parties.related(owner, place)), None)
    if head is not None:
        return f"known for {parties.customers[head].name or parties.ids[head]}, which may pay for {name}"
    if place in parties.learned_accounts.get(account, ()):
        return f"confirmed by people for {name}"
    return f"known for {name}"


def _named(payment: Payment, shown: str, name: str, customer_id: str) -> str:
    """By what the payer was recognised without an account: its name, its customer number, or on whose behalf."""
    if payment.payer_name and fuzz.token_set_ratio(name_key(payment.payer_name), name_key(name)) >= _ALIKE:
        return f"{shown} is {name} by name"
    text = payment.remittance or " ".join(payment.remittance_lines)
    if compact(customer_id) in compact(text):
        return f"the text gives the customer number {customer_id} of {name}"
    if payment.ultimate_name:
        return f"{shown} pays on behalf of '{payment.ultimate_name}'"
    return f"{shown} {PAYER_WORDS[Payer.NAMED].format(name=name)}"


def _amounts(hypothesis: Hypothesis, currency: str) -> str:
    if hypothesis.relation == "exact" and not hypothesis.rest:
        return _RELATIONS["exact"]
    beyond = hypothesis.rest > 0 and hypothesis.relation in {"short", "guess"}
    said = [_RELATIONS["over" if beyond else hypothesis.relation]]
    if hypothesis.relation == "family" and not hypothesis.doubts:
        said.append("and no other choice fits")
    discount = written = left = 0
    for line in hypothesis.lines:
        discount += line.discount
        written += line.write_off
        left += line.residual
    if discount:
        said.append(f"discount {money(discount, currency)}")
    if written:
        said.append(f"written off {money(written, currency)}")
    if left:
        reason = next((line.reason for line in hypothesis.lines if line.residual and line.reason), "unknown")
        said.append(f"{money(left, currency)} stay open ({reason.replace('_', ' ')})")
    if hypothesis.rest:
        said.append(f"{money(hypothesis.rest, currency)} more than that")
    return ", ".join(said)


def evidence(hypothesis: Hypothesis, payment: Payment, index: LedgerIndex) -> tuple[Evidence, ...]:
    """The rows an auditor checks: each document, the payer, the amount."""
    table = index.open
    rows = [
        Evidence(
            kind="document",
            seen=_as_it_stands(hypothesis.quoted[number], payment) if number < len(hypothesis.quoted) else "",
            against=table.numbers[line.place],
            grade=_REFERENCE_GRADES[hypothesis.reference],
        )
        for number, line in enumerate(hypothesis.lines[:50])
    ]
    if hypothesis.lines:
        customer = index.parties.customers[table.customer[hypothesis.lines[0].place]]
        seen = payment.payer_account if hypothesis.payer is Payer.ACCOUNT else payment.payer_name
        rows.append(
            Evidence(
                kind="payer",
                seen=seen,
                against=f"{customer.customer_id} {customer.name}",
                grade=_PAYER_GRADES[hypothesis.payer],
            )
        )
    total = sum([table.open[line.place] for line in hypothesis.lines])
    rows.append(
        Evidence(
            kind="amount",
            seen=money(payment.amount, payment.currency),
            against=money(total, payment.currency),
            grade=hypothesis.relation,
        )
    )
    return tuple(rows)


def allocations(lines: Sequence[Line], index: LedgerIndex) -> tuple[Allocation, ...]:
    """Lines as the model's allocations, by item id."""
    item_ids = index.open.item_ids
    return tuple(
        [
            Allocation(
                item_id=item_ids[place],
                cash=cash,
                discount=discount,
                write_off=write_off,
                residual=residual,
                residual_reason=reason,
            )
            for place, cash, discount, write_off, residual, reason in lines
        ]
    )
