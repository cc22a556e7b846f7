"""Who paid, and how surely: account first, then what people confirmed, then names, then numbers in the text."""

import re
from collections.abc import Sequence

from matching.grades import Payer
from matching.lazily import lazily
from matching.model.payment import Payment
from matching.parties import Parties
from matching.text.names import name_key
from matching.text.normal import compact

_ALIKE = 86.0
_SURE = 94.0
_SAME = 97.0
_MANY = 3
_WORD = re.compile(r"[A-Z0-9][A-Z0-9-]{3,19}")


class PayerView:
    """What a payment tells about its payer, each thing worked out when it is first asked for.

    ``by_account`` and ``by_name`` are the customers that the account and the name stand for; ``name_grade`` how the
    name was recognised (``name``, ``cut``, ``similar`` or empty); ``by_number`` customers whose number stands in the
    text; ``by_ultimate`` customers named as the one on whose behalf the payment was made.
    """

    def __init__(self, payment: Payment, text: str, parties: Parties) -> None:
        self._payment, self._text, self._parties = payment, text, parties
        self.name = payment.payer_name
        self.account = account = compact(payment.payer_account) if payment.payer_account else ""
        self.by_account = parties.by_account.get(account, ()) if account else ()
        self.learned = False
        if account and not self.by_account:
            self.by_account = parties.learned_accounts.get(account, ())
            self.learned = bool(self.by_account)

    @lazily
    def _recognised(self) -> tuple[tuple[int, ...], str]:
        return self._parties.recognise(self.name[:200]) if self.name else ((), "")

    @property
    def by_name(self) -> tuple[int, ...]:
        """The customers that the payer's name may mean."""
        return self._recognised[0]

    @property
    def name_grade(self) -> str:
        """How the payer's name was recognised."""
        return self._recognised[1]

    @lazily
    def by_ultimate(self) -> tuple[int, ...]:
        """The customers named as the one on whose behalf the payment was made."""
        ultimate = self._payment.ultimate_name
        found, grade = self._parties.recognise(ultimate[:200]) if ultimate else ((), "")
        return found if grade in {"name", "cut"} else ()

    @lazily
    def by_text(self) -> int:
        """The customer whom people have confirmed for a text like this, where neither name nor account is given."""
        return -1 if self.name or self.account else self._parties.by_text(self._text)

    @lazily
    def by_number(self) -> tuple[int, ...]:
        """The customers whose number stands in the text."""
        return _numbers_named(self._payment, self._text, self._parties) if not self.by_account else ()

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
        return ([self.by_text], Payer.SIMILAR) if self.by_text >= 0 else ([], Payer.UNKNOWN)

    def grade_for(self, customer: int, parties: Parties) -> Payer:
        """How surely this payer pays for that customer."""
        for payer in self.by_account:
            if payer == customer or parties.related(payer, customer):
                return Payer.ACCOUNT
        if self.account and (
            parties.pays_for(self.account, customer) or customer in parties.confirmed_accounts.get(self.account, ())
        ):
            return Payer.ACCOUNT
        if customer in self.by_ultimate:
            return Payer.NAMED
        if self.learned and len(self.by_account) >= _MANY:
            # People have confirmed this account for many customers: a factor, an agent. It may pay for others too.
            return Payer.UNKNOWN
        if self.by_account:
            # The account is another customer's. A name that is exactly this customer's makes it doubtful, not wrong.
            return Payer.SIMILAR if self.name and parties.likeness(self.name, customer) >= _SURE else Payer.OTHER
        return self._grade_by_name(customer, parties)

    def _grade_by_name(self, customer: int, parties: Parties) -> Payer:
        known = self.name_grade in {"name", "cut"}
        if known and any(parties.related(payer, customer) for payer in self.by_name):
            return Payer.NAMED
        if known and customer in parties.confirmed_names.get(name_key(self.name[:200]), ()):
            return Payer.NAMED
        if customer in self.by_number:
            return Payer.SIMILAR if known else Payer.NAMED
        if not self.name:
            return Payer.SIMILAR if customer == self.by_text else Payer.UNKNOWN
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
