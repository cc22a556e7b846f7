"""What the ledger holds of an account already, in the bank room's words, so that no booking is taken in twice."""

from collections.abc import Mapping
from datetime import date

from integrations.bank.identity import Family, booking_of, normalised_account, unit_of
from integrations.bank.recognise import KnownBookings
from integrations.bank.reconcile import KnownBooking
from integrations.ledger.port import Ledger
from integrations.ledger.records import DeliveredEntry

_FAMILIES: dict[str, Family] = {"ofx": "ofx", "camt": "camt", "mt94": "mt940", "mt95": "mt940"}


def family_of(format_name: str) -> Family:
    """The family of a format as the ledger or the recogniser names it.

    >>> family_of("camt.053"), family_of("mt942"), family_of("ofx")
    ('camt', 'mt940', 'ofx')
    """
    return _FAMILIES.get(format_name[:4], _FAMILIES.get(format_name[:3], "camt"))


def known_bookings(company: str, unit: Ledger, accounts: Mapping[str, str]) -> KnownBookings:
    """How to ask the ledger, inside the unit of work that takes a file in, what it holds around some days.

    ``accounts`` maps other ways of writing an account to the one that counts.
    """

    def known(account: str, since: date, until: date) -> list[KnownBooking]:
        written = [one for one in unit.accounts(company) if normalised_account(one, accounts) == account]
        if not written:
            return []
        entries = unit.delivered_entries(company, written, since=since, until=until)
        return [_known(one, accounts) for one in entries]

    return known


def _known(one: DeliveredEntry, accounts: Mapping[str, str]) -> KnownBooking:
    units = tuple(
        unit_of(
            each.header, delivery=f"{each.sha256}/{each.position}", family=family_of(each.format), accounts=accounts
        )
        for each in one.deliveries
    )
    header = one.deliveries[0].header
    booking, *also = (booking_of(entry, header, accounts=accounts) for entry in (one.entry, *one.also))
    return KnownBooking(key=one.entry_key, booking=booking, units=units, also=tuple(also), collective=one.collective)
