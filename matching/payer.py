"""Who paid, and how surely: account first, then what people confirmed, then names, then numbers in the text."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from matching.grades import Payer
from matching.model.payment import Payment
from matching.parties import Parties
from matching.text.normal import compact

_ALIKE = 86.0
_SURE = 94.0
_SAME = 97.0
_WORD = re.compile(r"[A-Z0-9][A-Z0-9-]{3,19}")


@dataclass(frozen=True, slots=True)
class PayerView:
    """What a payment tells about its payer.

    ``by_account`` and ``by_name`` are the customers that the account and the name stand for; ``name_grade`` how the
    name was recognised (``name``, ``cut``, ``similar`` or empty); ``by_number`` customers whose number stands in the
    text; ``by_ultimate`` customers named as the one on whose behalf the payment was made.
    """

    name: str
    account: str
    by_account: tuple[int, ...]
    by_name: tuple[int, ...]
    name_grade: str
    by_number: tuple[int, ...]
    by_ultimate: tuple[int, ...]
    learned: bool

    def likely(self, parties: Parties) -> tuple[list[int], Payer]:
        """The customers this payment most likely comes from, and how surely that is known."""
        if self.by_account:
            return list(self.by_account), Payer.ACCOUNT
        declared = parties.declared_for_account(self.account) if self.account else []
        if declared:
            return declared, Payer.ACCOUNT
        for found in (self.by_ultimate, self.by_number):
            if len(found) == 1:
                return list(found), Payer.NAMED
        if self.name_grade in {"name", "cut"}:
            grade = Payer.NAMED if len(self.by_name) == 1 else Payer.SIMILAR
            return list(self.by_name[:8]), grade
        if self.name_grade == "similar":
            return list(self.by_name[:4]), Payer.SIMILAR
        return [], Payer.UNKNOWN

    def grade_for(self, customer: int, parties: Parties) -> Payer:
        """How surely this payer pays for that customer."""
        if any(parties.related(payer, customer) for payer in self.by_account):
            return Payer.ACCOUNT
        if self.account and parties.pays_for(self.account, customer):
            return Payer.ACCOUNT
        if customer in self.by_ultimate:
            return Payer.NAMED
        if self.by_account:
            # The account is another customer's. A name that is exactly this customer's makes it doubtful, not wrong.
            return Payer.SIMILAR if self.name and parties.likeness(self.name, customer) >= _SURE else Payer.OTHER
        return self._grade_by_name(customer, parties)

    def _grade_by_name(self, customer: int, parties: Parties) -> Payer:
        known = self.name_grade in {"name", "cut"}
        if known and any(parties.related(payer, customer) for payer in self.by_name):
            return Payer.NAMED
        if customer in self.by_number:
            return Payer.SIMILAR if known else Payer.NAMED
        if not self.name:
            return Payer.UNKNOWN
        return self._grade_by_likeness(customer, parties, known=known)

    def _grade_by_likeness(self, customer: int, parties: Parties, *, known: bool) -> Payer:
        """By how alike the names are, if the name is not simply somebody else's."""
        likeness = parties.likeness(self.name, customer)
        if likeness >= (_SURE if known else _ALIKE):
            return Payer.NAMED if likeness >= _SAME else Payer.SIMILAR
        similar = self.name_grade == "similar"
        if similar and any(parties.related(payer, customer) for payer in self.by_name):
            return Payer.SIMILAR
        other = known or (similar and max(parties.likeness(self.name, payer) for payer in self.by_name) >= _SURE)
        return Payer.OTHER if other else Payer.UNKNOWN


def relatives(payers: Sequence[int], parties: Parties) -> list[int]:
    """Everybody else these payers may pay for."""
    found: dict[int, None] = {}
    for payer in payers:
        found.update(dict.fromkeys(parties.relatives(payer)))
    return [place for place in found if place not in payers]


def view(payment: Payment, text: str, parties: Parties) -> PayerView:
    """Everything the payment says about who paid."""
    account = compact(payment.payer_account) if payment.payer_account else ""
    by_account = parties.by_account.get(account, ()) if account else ()
    learned = False
    if account and not by_account:
        by_account = parties.learned_accounts.get(account, ())
        learned = bool(by_account)
    name = payment.payer_name
    by_name, name_grade = parties.recognise(name[:200]) if name else ((), "")
    by_ultimate: tuple[int, ...] = ()
    if payment.ultimate_name:
        found, grade = parties.recognise(payment.ultimate_name[:200])
        by_ultimate = found if grade in {"name", "cut"} else ()
    by_number = _numbers_named(payment, text, parties) if not by_account else ()
    return PayerView(name, account, by_account, by_name, name_grade, by_number, by_ultimate, learned)


def _numbers_named(payment: Payment, text: str, parties: Parties) -> tuple[int, ...]:
    """Customers whose number stands as a word in the text or leads the mandate."""
    found: dict[int, None] = {}
    for _, match in zip(range(60), _WORD.finditer(text), strict=False):
        word = match.group()
        if any(letter.isdigit() for letter in word):
            for place in parties.by_number.get(word if "-" not in word else compact(word), ()):
                found[place] = None
    if payment.mandate_id:
        for place in parties.by_number.get(compact(payment.mandate_id), ()):
            found[place] = None
    return tuple(found)
