"""One payment, read: its texts, the documents they mention, who paid, and when."""

import re
from weakref import ref

from matching import extract, extract_parts, reasons
from matching.embedded import is_broken, named_inside
from matching.grades import Payer, Reference
from matching.hypothesis import Hypothesis
from matching.index import LedgerIndex
from matching.lazily import lazily
from matching.mentions import Mention, digit_groups, left_over
from matching.model.decision import ResidualReason
from matching.model.payment import Payment
from matching.numbers.series import DIGITS
from matching.payer import PayerView, relatives
from matching.text.normal import compact, plain, readings

_MOST_CUSTOMERS = 200
_NOT_GIVEN = frozenset({"", "NOTPROVIDED", "NONREF", "NOTAVAILABLE", "NOTAVAIL"})
_CREDIT_WORDS = re.compile(
    r"GUTSCHRIFT|\bGS\b|CREDIT ?NOTE|CREDITNOTA|CREDIT NOTA|\bCN\b|AVOIR|KOREKTA|CREDIT MEMO"
    r"|KREDITNOTA|NOTA DI CREDITO|VERRECHN|SALDO|KREDITT?NOTA|KREDITFAKT|HYVITYS|DOBROPIS|NOTA (?:DE )?CREDITO|ABONO"
)


class Reading:
    """Everything a payment says, worked out once and only as far as it is needed."""

    def __init__(self, payment: Payment, index: LedgerIndex) -> None:
        self.payment = payment
        self.index = index
        self.paid_on = (payment.valued_on or payment.booked_on).toordinal()
        self.texts = readings(payment.remittance, payment.remittance_lines)
        self.text = self.texts[0]
        self.payer = PayerView(payment, self.text, index.parties)
        self.fitting: tuple[Hypothesis, ...] | None = None
        self._grades: dict[int, Payer] = {}

    @property
    def apart(self) -> bool:
        """Whether the bank delivers anything about documents apart from the text."""
        return bool(self.payment.references or self.payment.documents)

    def payer_grade(self, customer: int) -> Payer:
        """How surely the payer is, or may pay for, this customer."""
        grade = self._grades.get(customer)
        if grade is None:
            grade = self._grades[customer] = self.payer.grade_for(customer, self.index.parties)
        return grade

    def weakest_payer(self, places: tuple[int, ...]) -> Payer:
        """The payer grade that holds for every one of these items."""
        column = self.index.open.customer
        if len(places) == 1:
            return self.payer_grade(column[places[0]])
        return min(
            [self.payer_grade(customer) for customer in {column[place] for place in places}], default=Payer.UNKNOWN
        )

    @lazily
    def likely(self) -> tuple[list[int], Payer]:
        """Customers this payment most likely comes from, with their relatives, and how surely that is known."""
        own, grade = self._from
        return [*own, *self.relatives], grade

    @lazily
    def _from(self) -> tuple[list[int], Payer]:
        return self.payer.likely(self.index.parties)

    @property
    def own(self) -> list[int]:
        """The customers this payment most likely comes from: one, if all is well."""
        return self._from[0]

    @lazily
    def relatives(self) -> list[int]:
        """Others for whom these may pay: their group, and who has declared them as payer."""
        return relatives(self.own, self.index.parties)

    @lazily
    def first_view(self) -> "TextView":
        """The text with its lines spaced."""
        return TextView(self, self.texts[0])

    @lazily
    def views(self) -> tuple["TextView", ...]:
        """The readings of the text, each with its own mentions: lines spaced, and lines joined where that differs."""
        return (self.first_view, *(TextView(self, text) for text in self.texts[1:]))

    @lazily
    def fully_read(self) -> bool:
        """Whether the text names documents in full and holds no other digits that could name one."""
        view = self.first_view
        return bool(view.strong) and not left_over(view.text, view.groups, view.here)

    @lazily
    def structured(self) -> list[Mention]:
        """Documents named in the fields a bank delivers apart from the text."""
        found: list[Mention] = []
        index = self.index
        for reference in self.payment.references[:50]:
            text = compact(reference.reference)
            for form in (text, text.lstrip("0")):
                items, closed = tuple(index.numbers.by_reference(form)), tuple(index.closed_numbers.by_reference(form))
                if items or closed:
                    found.append(Mention(0, 0, text, Reference.CHECKED, items, closed, reference.reference))
                    break
            else:
                inner = plain(reference.reference[:70])
                named = extract.whole_numbers(inner, digit_groups(inner), index)
                if is_broken(reference.type, reference.reference):
                    # A wrong check digit speaks against every digit of the reference.
                    found.extend(_weaker(mention) for mention in named)
                    continue
                inside = named_inside(reference.type, reference.reference, index) if not named else None
                found.extend(named if inside is None else [inside])
        for document in self.payment.documents[:400]:
            _add_new(found, self.named_in(document.number))
        return found

    def named_in(self, number: str) -> list[Mention]:
        """What a number in a field of its own names."""
        inner = plain(number[:70])
        return extract.whole_numbers(inner, digit_groups(inner), self.index)

    @lazily
    def strong(self) -> list[Mention]:
        """Documents named completely, in any reading of the text, or else in the end-to-end id."""
        found: list[Mention] = []
        for one in (self.first_view,) if self.fully_read else self.views:
            _add_new(found, one.strong)
        end_to_end = plain(self.payment.end_to_end_id[:70])
        if not found and end_to_end not in _NOT_GIVEN:
            found = [mention for mention in self.named_in(end_to_end) if mention.grade >= Reference.FULL]
        return found

    @lazily
    def weak(self) -> list[Mention]:
        """Further documents, named weakly, in any reading."""
        if self.fully_read:
            return []
        found: list[Mention] = []
        for one in self.views:
            _add_new(found, one.weak)
        known = {(mention.items, mention.closed) for mention in self.strong}
        return [mention for mention in found if (mention.items, mention.closed) not in known]

    @lazily
    def customers(self) -> frozenset[int]:
        """Customers that the payment may be of: its payer, the payer's relatives, owners of what it names."""
        column = self.index.open.customer
        named = {column[place] for mention in self.strong for place in mention.items[:3]}
        return frozenset(self.likely[0]) | named

    @lazily
    def exactly_paid(self) -> list[int]:
        """Open items of the payer, of relatives and of whoever is named, that are exactly this amount, of any date."""
        amount, currency = self.payment.amount, self.payment.currency
        customers = sorted(self.customers)[:_MOST_CUSTOMERS]
        return [place for one in customers for place in self.index.of_customer_with_amount(one, amount, currency)]

    @lazily
    def closed(self) -> list[Mention]:
        """Documents that the text names and that are settled already, of this payer as far as one can tell."""
        table = self.index.settled
        found = []
        for mention in self.strong if not self._look_closer else [*self.strong, *self.weak]:
            if mention.closed and not mention.items:
                sure = mention.grade >= Reference.DIGITS
                if sure or any(self.payer_grade(table.customer[place]) >= Payer.SIMILAR for place in mention.closed):
                    found.append(mention)
        return found

    @lazily
    def closed_for_sure(self) -> list[Mention]:
        """Closed documents that were meant: not somebody else's, hit by a typing slip."""
        return [mention for mention in self.closed if not self._hit_by_slip(mention)]

    @property
    def _look_closer(self) -> bool:
        return not any(mention.items for mention in self.strong)

    @lazily
    def foreign(self) -> list[Mention]:
        """Documents that the text names and that are open in another currency only."""
        table, currency = self.index.open, self.payment.currency
        found = []
        for mention in self.strong:
            if mention.items and mention.grade >= Reference.DIGITS:
                own = any(table.currencies[table.currency[place]] == currency for place in mention.items)
                if not own and any(self.payer_grade(table.customer[p]) > Payer.OTHER for p in mention.items):
                    found.append(mention)
        return found

    @lazily
    def instructed(self) -> list[int]:
        """Open items in another currency that are exactly what the payer ordered: the named ones, else its own."""
        payment, index = self.payment, self.index
        ordered, currency = payment.instructed_amount, payment.instructed_currency
        if not ordered or currency == payment.currency:
            return []
        table = index.open
        named = [place for mention in self.foreign for place in mention.items]
        own = [place for one in self.own[:4] for place in index.of_customer_with_amount(one, ordered, currency)]
        return [
            place
            for place in dict.fromkeys(named or own)
            if table.open[place] == ordered and table.currencies[table.currency[place]] == currency
        ]

    @lazily
    def unknown_numbers(self) -> list[str]:
        """Numbers in the text that look like ours and are none that we know, however the lines are read."""
        if self.fully_read:
            return []
        first, *others = (one.unknown for one in self.views)
        return [number for number in first if all(number in other for other in others)]

    @lazily
    def near_strings(self) -> list[str]:
        """Digit strings of the text that might be a mistyped number of the payer's.

        A string that is the exact number of a document is none, unless that document belongs to somebody else and has
        another amount: then it was hit by the slip.
        """
        found: dict[str, None] = {}
        for one in self.views:
            meant = [mention for mention in (*one.here, *one.weak) if not self._hit_by_slip(mention)]
            found.update(dict.fromkeys(extract_parts.near_strings(one.text, one.groups, meant, self.index)))
        for reference in self.payment.references[:20]:
            digits = "".join(DIGITS.findall(plain(reference.reference)))
            if len(digits) >= 4:
                found[digits] = None
        named = {mention.text for mention in self.meant}
        return [string for string in found if string not in named][:120]

    @lazily
    def meant(self) -> list[Mention]:
        """Documents that are named and were meant, not hit by a typing slip."""
        return [mention for mention in (*self.strong, *self.weak) if not self._hit_by_slip(mention)]

    def _hit_by_slip(self, mention: Mention) -> bool:
        amount = self.payment.amount
        open_items, settled = self.index.open, self.index.settled
        for place in mention.closed:
            if settled.original[place] == amount or self.payer_grade(settled.customer[place]) > Payer.UNKNOWN:
                return False
        for place in mention.items:
            customer = open_items.customer[place]
            if open_items.open[place] == amount:
                return False
            if self.payer_grade(customer) > Payer.UNKNOWN and (
                len(self.strong) > 1
                or len(self.exactly_paid) != 1
                or self.index.is_coarse(customer)
                or reasons.said(self.text) != "unknown"
            ):
                return False
        return True

    @lazily
    def mentions_credit(self) -> bool:
        """Whether the text speaks of a credit note or of netting."""
        return _CREDIT_WORDS.search(self.text) is not None

    def short_reason(self, missing: int, open_amount: int) -> ResidualReason:
        """Why a payment is short, as far as the payer's text or the bank says so."""
        payment = self.payment
        if payment.charges and missing == abs(payment.charges):
            return "bank_charges"
        told = reasons.said(self.text)
        if told != "unknown":
            return told
        if payment.charge_bearer.upper() in {"SHA", "SHAR", "CRED"} and missing * 20 < open_amount and missing <= 5_000:
            return "bank_charges"
        return "unknown"


class TextView:
    """One way to read the text, with the documents it names."""

    def __init__(self, reading: Reading, text: str) -> None:
        self.text = text
        # Not held: a reading and its views would keep each other until the garbage is looked through.
        self._reading = ref(reading)
        self.groups = digit_groups(text)
        self.here = extract.whole_numbers(text, self.groups, reading.index)
        self.strong = list(reading.structured) if reading.apart else []
        if self.here:
            _add_new(self.strong, self.here)

    @property
    def _of(self) -> Reading:
        reading = self._reading()
        assert reading is not None, "a view is asked after its reading is gone"
        return reading

    @lazily
    def weak(self) -> list[Mention]:
        """Documents named in shorthand, by running number, glued together, or with letters typed for digits."""
        if not self.groups:
            return []
        reading = self._of
        index, customers = reading.index, reading.customers
        found: list[Mention] = []
        _add_new(found, extract_parts.shorthand(self.text, self.groups, self.here, index))
        _add_new(found, self.between)
        _add_new(found, extract_parts.glued(self.groups, self.here, self.text, index))
        undone = extract_parts.slips_undone(self.text)
        if undone != self.text:
            # Before running numbers: in ``FA261O-0339`` the letter must not cut a number ``261`` out of the whole.
            slipped = extract.whole_numbers(undone, digit_groups(undone), index)
            _add_new(found, [_weaker(mention) for mention in slipped])
        taken = [*self.here, *found]
        _add_new(found, extract_parts.running_numbers(self.text, self.groups, taken, index, customers))
        known = {(mention.items, mention.closed) for mention in self.strong}
        return [mention for mention in found if (mention.items, mention.closed) not in known]

    @lazily
    def between(self) -> list[Mention]:
        """Documents that lie between two that are named as the ends of a range."""
        return extract_parts.ranges(self.text, self.here, self._of.index) if len(self.here) > 1 else []

    @lazily
    def unknown(self) -> list[str]:
        """Numbers that look like ours and are not."""
        if not self.groups:
            return []
        return extract_parts.unknown_numbers(self.text, self.groups, [*self.here, *self.weak], self._of.index)


def _weaker(mention: Mention) -> Mention:
    return Mention(
        mention.start, mention.end, mention.text, Reference.PART, mention.items, mention.closed, mention.shown
    )


def _add_new(found: list[Mention], more: list[Mention]) -> None:
    if len(more) < 2 and not found:
        found.extend(more)
        return
    known = {(mention.items, mention.closed) for mention in found}
    for mention in more:
        if (mention.items, mention.closed) not in known:
            found.append(mention)
            known.add((mention.items, mention.closed))
