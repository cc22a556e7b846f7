"""How the first world's companies number their documents, and what payers make of the numbers."""

import random
import re
from dataclasses import dataclass, field

from stdnum.be import ogm_vcs
from stdnum.iso7064 import mod_97_10


@dataclass(slots=True)
class Series:
    """One company's number ranges. ``shape`` is filled with year and running number; credit notes have their own."""

    name: str
    invoice: str
    credit: str
    first: int
    first_credit: int
    yearly: bool
    reference: str
    next_invoice: dict[int, int] = field(default_factory=dict)
    next_credit: dict[int, int] = field(default_factory=dict)

    def issue(self, year: int, *, credit: bool) -> str:
        """The next number of the range; yearly ranges begin anew each year."""
        counters, first = (self.next_credit, self.first_credit) if credit else (self.next_invoice, self.first)
        key = year if self.yearly else 0
        number = counters.get(key, first)
        counters[key] = number + 1
        return (self.credit if credit else self.invoice).format(y=year, yy=year % 100, n=number)


def draw_series(chance: random.Random) -> list[Series]:
    """Six companies; the fourth and fifth number in the same six digits, so their numbers overlap."""
    start = chance.randrange(100_000, 400_000)
    return [
        Series("haus", "RE{y}-{n:06d}", "GS{y}-{n:06d}", 1, 1, True, "rf"),
        Series("sap", "19{n:08d}", "17{n:08d}", chance.randrange(1_000, 60_000), chance.randrange(1_000), False, ""),
        Series("odoo", "INV/{y}/{n:05d}", "RINV/{y}/{n:05d}", 1, 1, True, "rf"),
        Series("six", "{n:06d}", "9{n:06d}", start, start, False, "ogm"),
        Series("twin", "{n:06d}", "8{n:06d}", start + 200, start, False, ""),
        Series("vf", "VF-{yy:02d}{n:05d}", "CN-{yy:02d}{n:05d}", 1, 1, True, "ogm"),
    ]


def structured_reference(chance: random.Random, scheme: str, number: str) -> str:
    """The check-digit reference printed on the document, built from its number."""
    digits = re.sub(r"\D", "", number)
    if scheme == "rf":
        return "RF" + mod_97_10.calc_check_digits(digits + "RF") + digits
    if scheme == "ogm":
        body = f"{chance.randrange(100, 999)}{digits[-7:]:0>7}"
        return body + ogm_vcs.calc_check_digits(body)
    return ""


def printed(chance: random.Random, reference: str) -> str:
    """The reference as people type it: compact, in groups, or between plus signs."""
    if reference.startswith("RF"):
        grouped = " ".join(reference[at : at + 4] for at in range(0, len(reference), 4))
        return chance.choice((reference, grouped))
    slashed = f"{reference[:3]}/{reference[3:7]}/{reference[7:]}"
    return chance.choice((f"+++{slashed}+++", f"***{slashed}***", slashed, reference))


MANGLINGS = (
    ("prefix", 22), ("zeros", 14), ("joined", 16), ("year", 8), ("spaced", 14), ("letters", 8),
    ("swapped", 6), ("typo", 6), ("wrong_prefix", 6),
)  # fmt: skip


def mangle(chance: random.Random, number: str) -> str:
    """The number as a careless payer writes it; never the number itself."""
    names, weights = zip(*MANGLINGS, strict=True)
    for _ in range(20):
        how = chance.choices(names, weights)[0]
        written = _mangle(chance, number, how)
        if written != number and len(re.sub(r"\D", "", written)) >= 4:
            return written
    return number[:-1] + " " + number[-1]


def _mangle(chance: random.Random, number: str, how: str) -> str:
    digits_at = [at for at, sign in enumerate(number) if sign.isdigit()]
    if how == "prefix":
        return re.sub(r"^\D+(?:\d{4}[/-])?", "", number) or number
    if how == "zeros":
        return (
            re.sub(r"(?<=\D)0+(?=\d)", "", number).lstrip("0")
            if not number.isdigit()
            else number.lstrip("19").lstrip("0")
        )
    if how == "joined":
        return re.sub(r"\W", "", number)
    if how == "year":
        return re.sub(r"20(2\d)(?=[/-])", r"\1", number)
    if how == "spaced":
        cut = chance.randrange(2, len(number) - 1)
        return number[:cut] + " " + number[cut:]
    if how == "letters":
        return number.replace("0", "O", 1) if chance.random() < 0.6 else number.replace("1", "I", 1)
    if how == "wrong_prefix":
        return chance.choice(("R", "FA", "Nr", "F")) + re.sub(r"^\D+", "", number)
    at = chance.choice(digits_at[-5:])
    if how == "swapped" and at + 1 < len(number) and number[at + 1].isdigit():
        return number[:at] + number[at + 1] + number[at] + number[at + 2 :]
    wrong = chance.choice("0123456789".replace(number[at], ""))
    return number[:at] + wrong + number[at + 1 :]


def shorthand(chance: random.Random, numbers: list[str]) -> str:
    """A list in payer's shorthand: all in full, the first in full and then the ends, a range, or bare digits."""
    ordered = sorted(numbers)
    first, rest = ordered[0], ordered[1:]
    roll = chance.random()
    tails = [_tail(first, number) for number in rest]
    if roll < 0.30 and all(tails):
        return first + "".join(f"{chance.choice('//,+')}{tail}" for tail in tails)
    consecutive = all(_value(right) - _value(left) == 1 for left, right in zip(ordered, rest, strict=False))
    if roll < 0.45 and consecutive and len(numbers) > 2:
        return f"{first}{chance.choice((' - ', ' bis ', '-', ' t/m ', ' to '))}{ordered[-1]}"
    if roll < 0.60:
        return chance.choice((", ", " ", "/", " + ")).join(
            re.sub(r"^\D+(?:\d{4}[/-])?", "", number) for number in ordered
        )
    return chance.choice((", ", " ", " / ", " + ", "; ", " und ")).join(ordered)


def _value(number: str) -> int:
    return int(re.sub(r"\D", "", number))


def _tail(first: str, number: str) -> str:
    """What a payer writes of a number once the first stands in full: its last two to four digits, or nothing."""
    if len(first) != len(number):
        return ""
    same = next((at for at in range(len(first)) if first[at] != number[at]), len(first))
    kept = max(2, len(first) - same)
    return number[-kept:] if kept <= 4 else ""
