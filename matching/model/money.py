"""Amounts of money, exact to the last minor unit.

Inside Lettrage an amount is an integer count of the currency's minor unit (ISO 4217: 0 decimals for JPY,
2 for EUR, 3 for KWD) and its currency stands beside it. ``Decimal`` and text appear only at the edges,
and this is the one module that turns the one into the other.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, Inexact, InvalidOperation

from matching.model.currencies import MINOR_DIGITS

_SCALES = {digits: Decimal(10) ** digits for digits in range(5)}
# Wide enough for every amount a bank can write, and a lost digit raises instead of vanishing.
_EXACT = Context(prec=60, traps=[Inexact, InvalidOperation])


class AmountError(ValueError):
    """An amount that cannot be taken over exactly; the message says which and why."""


def minor_digits(currency: str) -> int:
    """How many decimals the currency has.

    Source: ISO 4217, table A.1, column "minor unit".
    Raises AmountError when the code is not an ISO 4217 currency.

    >>> minor_digits("EUR"), minor_digits("JPY"), minor_digits("KWD")
    (2, 0, 3)
    """
    try:
        return MINOR_DIGITS[currency]
    except KeyError:
        message = f"{currency!r} is no currency of ISO 4217; correct the currency code"
        raise AmountError(message) from None


def to_minor(amount: Decimal, currency: str) -> int:
    """The amount as whole minor units; credit or what is owed positive, as in the input.

    Raises AmountError when digits would be lost, or the currency is unknown.

    >>> to_minor(Decimal("12.50"), "EUR"), to_minor(Decimal("12.5"), "KWD"), to_minor(Decimal("-1200"), "JPY")
    (1250, 12500, -1200)
    """
    digits = minor_digits(currency)
    try:
        scaled = _EXACT.multiply(amount, _SCALES[digits])
        whole = int(scaled)
    except (Inexact, InvalidOperation, ValueError, OverflowError):
        message = f"{amount} is no amount that can be taken over exactly"
        raise AmountError(message) from None
    if whole != scaled:
        message = f"{amount} {currency} has more than the {digits} decimals that {currency} knows"
        raise AmountError(message)
    return whole


def to_decimal(minor: int, currency: str) -> Decimal:
    """Minor units as a Decimal with the currency's own number of decimals.

    >>> to_decimal(1250, "EUR"), to_decimal(-5, "EUR"), to_decimal(1200, "JPY")
    (Decimal('12.50'), Decimal('-0.05'), Decimal('1200'))
    """
    return Decimal(minor).scaleb(-minor_digits(currency), _EXACT)


def parse_decimal(text: str, *, decimal_mark: str) -> Decimal:
    """A number as written, with the decimal mark that the format prescribes; grouping marks are refused.

    Raises AmountError when the text is no plain number.

    >>> parse_decimal("1234,5", decimal_mark=","), parse_decimal("-0.10", decimal_mark=".")
    (Decimal('1234.5'), Decimal('-0.10'))
    >>> parse_decimal("1,234.50", decimal_mark=".")
    Traceback (most recent call last):
    matching.model.money.AmountError: '1,234.50' is no amount with '.' as decimal mark
    """
    plain = text.strip()
    digits = plain[1:] if plain[:1] in {"-", "+"} else plain
    whole, _, fraction = digits.partition(decimal_mark)
    if not (whole + fraction).isdigit() or not (whole + fraction).isascii():
        message = f"{text!r} is no amount with {decimal_mark!r} as decimal mark"
        raise AmountError(message)
    try:
        return Decimal(plain.replace(decimal_mark, ".") if decimal_mark != "." else plain)
    except InvalidOperation:
        message = f"{text!r} is no amount with {decimal_mark!r} as decimal mark"
        raise AmountError(message) from None


def round_to_minor(amount: Decimal, currency: str) -> int:
    """Round an amount that was worked out (a rate, a percentage) to minor units, half away from zero.

    >>> round_to_minor(Decimal("12.345"), "EUR"), round_to_minor(Decimal("-12.345"), "EUR")
    (1235, -1235)
    """
    scaled = Context(prec=60).multiply(amount, _SCALES[minor_digits(currency)])
    return int(scaled.quantize(Decimal(1), rounding=ROUND_HALF_UP))


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount in minor units with its currency; two currencies never meet in one sum.

    >>> Money(1250, "EUR") + Money(50, "EUR")
    Money(minor=1300, currency='EUR')
    >>> str(Money(-5, "EUR"))
    '-0.05 EUR'
    """

    minor: int
    currency: str

    @classmethod
    def parse(cls, text: str, currency: str, *, decimal_mark: str) -> "Money":
        """Money from text whose format states its decimal mark. Raises AmountError.

        >>> Money.parse("1234,50", "EUR", decimal_mark=",")
        Money(minor=123450, currency='EUR')
        """
        return cls(to_minor(parse_decimal(text, decimal_mark=decimal_mark), currency), currency)

    def __add__(self, other: "Money") -> "Money":
        self._same_currency(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._same_currency(other)
        return Money(self.minor - other.minor, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.minor, self.currency)

    def __str__(self) -> str:
        return f"{to_decimal(self.minor, self.currency)} {self.currency}"

    def decimal(self) -> Decimal:
        """The amount as a Decimal, for the edges."""
        return to_decimal(self.minor, self.currency)

    def _same_currency(self, other: "Money") -> None:
        if self.currency != other.currency:
            message = f"{self} and {other} are two currencies and cannot be added or subtracted"
            raise AmountError(message)
