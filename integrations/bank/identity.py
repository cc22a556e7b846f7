"""What makes a bank entry the same entry when it is delivered again (docs/decisions/0003-entry-identity.md).

An entry key is ``v1:`` + a digest of what the entry is + ``-`` + its number among entries of which the digest is the
same on that account and day. File names, message ids and line numbers are never part of it: they change with every
delivery. The digest holds the bank's own reference where there is a usable one, else the content.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from integrations.bank.enrich import richness
from matching.model.bank_statement import (
    BankEntry,
    EntryDetail,
    EntryStatus,
    ReadEvent,
    StatementHeader,
    StatementKind,
    StatementStart,
)
from matching.model.currencies import MINOR_DIGITS

Family = Literal["mt940", "camt", "ofx"]

_VERSION = "v1"
_NOT_ALPHANUMERIC = re.compile(r"[\W_]+")
_GERMAN_BBAN = re.compile(r"(\d{8})/(\d{1,10})(?:[A-Z]{3})?")
_SAYS_NOTHING = {
    "NOTPROVIDED", "NOTAVAILABLE", "NOTGIVEN", "NONREF", "NOREF", "NOREFERENCE", "NONE", "NULL", "UNKNOWN", "UNDEFINED",
    "KREF", "EREF", "NA", "NIL", "KEINEREFERENZ", "NICHTANGEGEBEN", "OREF",
}  # fmt: skip
"""Words that banks and payers put where a reference is demanded and there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """An entry reduced to what identifies it; texts are compacted, so that line wraps do not matter.

    ``base`` is the digest that entry keys are made of. ``reference`` is the bank's own reference where it says
    something. ``day`` is the booking date, else the value date. ``richness`` counts what is known beyond the money:
    of two deliveries of one booking the richer tells matching more.
    """

    base: str
    account: str
    currency: str
    day: date | None
    value_date: date | None
    amount: Decimal
    status: EntryStatus
    reference: str
    end_to_end_id: str
    party: str
    text: str
    richness: int

    @property
    def same_booking_key(self) -> str:
        """Account, currency, day and amount: equal for two deliveries of one booking in any two formats.

        Genuine twins share it too, so it finds candidates and never decides; `reconcile_deliveries` decides.
        """
        day = self.day.isoformat() if self.day else ""
        return _digest("booking", self.account, self.currency, day, _plain(self.amount))


def booking_of(entry: BankEntry, header: StatementHeader, *, accounts: Mapping[str, str] | None = None) -> Booking:
    """The identifying reduction of an entry of the statement with this header.

    ``accounts`` maps account numbers as a bank writes them to the one the company uses for the account, so that an
    MT940 with a domestic number and a CAMT file with the IBAN meet.
    """
    account = normalised_account(header.account or "", accounts)
    currency = entry.currency or header.currency or ""
    day = entry.booking_date or entry.value_date
    reference = _reference(entry)
    end_to_end = _only({_saying(detail.end_to_end_id) for detail in entry.details})
    party = _only({normalised_account(detail.counterparty_account or "") for detail in entry.details})
    text = _digest(*(part for detail in entry.details for part in _texts(detail)))
    iso_day = day.isoformat() if day else ""
    money = (account, currency, iso_day, _plain(entry.amount))
    if reference:
        base = _digest("reference", *money, reference)
    else:
        value = entry.value_date.isoformat() if entry.value_date else ""
        base = _digest("content", *money, value, party, end_to_end, text)
    return Booking(
        base=base,
        account=account,
        currency=currency,
        day=day,
        value_date=entry.value_date,
        amount=entry.amount,
        status=entry.status,
        reference=reference,
        end_to_end_id=end_to_end,
        party=party,
        text=text,
        richness=richness(entry.details),
    )


def entry_key(base: str, ordinal: int) -> str:
    """The key of the n-th entry (from 1) with this digest on its account and day."""
    return f"{_VERSION}:{base}-{ordinal}"


def ordinal_of(key: str) -> int:
    """The number within the account and day that ends an entry key.

    >>> ordinal_of("v1:5f0c-2")
    2
    """
    return int(key.rpartition("-")[2])


def base_of(key: str) -> str:
    """The digest that an entry key is made of.

    >>> base_of("v1:5f0c-2")
    '5f0c'
    """
    return key.removeprefix(f"{_VERSION}:").rpartition("-")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyedEntry:
    """An entry with the key it gets if nothing of it was ever delivered before."""

    key: str
    entry: BankEntry
    header: StatementHeader
    booking: Booking


def keyed_entries(events: Iterable[ReadEvent], *, accounts: Mapping[str, str] | None = None) -> Iterator[KeyedEntry]:
    """The entries of one file with their keys, equal entries numbered over the whole file.

    Enough where every file is read once into an empty ledger. What was delivered before, or twice within the file, is
    decided by `integrations.bank.reconcile`. Holds eight bytes of digest and a count per entry, no entry.
    """
    counts: defaultdict[int, int] = defaultdict(int)
    header: StatementHeader | None = None
    for event in events:
        if isinstance(event, StatementStart):
            header = event.header
        elif isinstance(event, BankEntry):
            assert header is not None, "an entry stands in a statement"
            booking = booking_of(event, header, accounts=accounts)
            short = int(booking.base[:16], 16)
            counts[short] += 1
            yield KeyedEntry(key=entry_key(booking.base, counts[short]), entry=event, header=header, booking=booking)


def normalised_account(account: str, accounts: Mapping[str, str] | None = None) -> str:
    """An account number without blanks and marks; a currency behind an IBAN dropped, a German number made an IBAN.

    >>> normalised_account("NL91 ABNA 0417 1643 00EUR"), normalised_account("37040044/532013000")
    ('NL91ABNA0417164300', 'DE89370400440532013000')
    >>> normalised_account("0500-013", {"0500-013": "DE89370400440532013000"})
    'DE89370400440532013000'
    """
    plain = account.strip().upper()
    if accounts:
        plain = accounts.get(account, accounts.get(plain, plain))
    german = _GERMAN_BBAN.fullmatch(plain)
    if german:
        return _german_iban(german.group(1), german.group(2))
    compact = _NOT_ALPHANUMERIC.sub("", plain)
    if compact[-3:] in MINOR_DIGITS and _is_iban(compact[:-3]):
        return compact[:-3]
    return compact


def _is_iban(text: str) -> bool:
    """Whether the check digits are right (ISO 13616, ISO 7064 MOD 97-10)."""
    if not (15 <= len(text) <= 34 and text.isascii() and text.isalnum() and text[:2].isalpha() and text[2:4].isdigit()):
        return False
    return int("".join(str(int(character, 36)) for character in text[4:] + text[:4])) % 97 == 1


def _german_iban(bank: str, number: str) -> str:
    bban = bank + number.zfill(10)
    check = 98 - int(f"{bban}131400") % 97
    return f"DE{check:02}{bban}"


def _reference(entry: BankEntry) -> str:
    """The bank's reference of the entry, else that of its only detail; empty where it says nothing.

    One or two digits are a line number of the file, not a reference.
    """
    own = _saying(entry.bank_reference)
    if not own and len(entry.details) == 1:
        own = _saying(entry.details[0].bank_reference)
    return own if len(own) > 2 else ""


def _saying(text: str | None) -> str:
    """A reference in capitals without marks, or nothing where it only fills the field."""
    plain = _compact(text)
    return "" if plain in _SAYS_NOTHING or not plain.strip("0") else plain


def _compact(text: str | None) -> str:
    return _NOT_ALPHANUMERIC.sub("", text).upper() if text else ""


def _texts(detail: EntryDetail) -> tuple[str, str]:
    return _compact(detail.counterparty_name), _compact(detail.remittance)


def _only(values: set[str]) -> str:
    """What all details agree on, or nothing: a batch has no party."""
    return values.pop() if len(values) == 1 else ""


def _plain(amount: Decimal) -> str:
    """One text per amount, however many zeros the bank wrote."""
    text = format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


# -- The statement an entry came with ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementUnit:
    """One delivered statement (or page of one): what says whether two deliveries can hold the same booking.

    ``delivery`` is unique per delivered statement, for example the file's sha256 and the statement's number in it.
    """

    delivery: str
    family: Family
    account: str
    currency: str
    kind: StatementKind
    sequence: str | None
    statement_id: str | None
    page: int | None
    last_page: bool | None
    from_date: date | None
    to_date: date | None
    opening: Decimal | None
    closing: Decimal | None


def unit_of(
    header: StatementHeader, *, delivery: str, family: Family, accounts: Mapping[str, str] | None = None
) -> StatementUnit:
    """The statement with this header as a unit of delivery. The header of StatementEnd says most."""
    return StatementUnit(
        delivery=delivery,
        family=family,
        account=normalised_account(header.account or "", accounts),
        currency=header.currency or "",
        kind=header.kind,
        sequence=header.sequence,
        statement_id=header.statement_id,
        page=header.page,
        last_page=header.last_page,
        from_date=header.from_date,
        to_date=header.to_date,
        opening=header.opening,
        closing=header.closing,
    )
