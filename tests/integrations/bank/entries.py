"""Short ways to write statement headers and entries in the tests of the bank room."""

from datetime import date
from decimal import Decimal

from matching.model.bank_statement import BankEntry, EntryDetail, StatementHeader

DAY = date(2026, 3, 2)


def header(**said) -> StatementHeader:
    """A final EUR statement of one account, with what the test wants to say of it."""
    facts = {
        "account": "DE89370400440532013000",
        "account_owner": None,
        "currency": "EUR",
        "kind": "final",
        "statement_id": None,
        "sequence": None,
        "page": None,
        "last_page": None,
        "from_date": None,
        "to_date": None,
        "opening": None,
        "closing": None,
    }
    return StatementHeader(**(facts | said))


def entry(amount="100.00", *, text="INVOICE 1", day=DAY, **said) -> BankEntry:
    """One booked credit with one detail; ``said`` goes to the detail where it knows the name, else to the entry."""
    detail = {
        "amount": Decimal(amount),
        "currency": "EUR",
        "bank_reference": None,
        "end_to_end_id": None,
        "mandate_id": None,
        "counterparty_name": None,
        "counterparty_account": None,
        "counterparty_bic": None,
        "ultimate_name": None,
        "remittance": text,
        "remittance_lines": (text,),
        "structured_references": (),
        "documents": (),
        "instructed_amount": None,
        "instructed_currency": None,
        "exchange_rate": None,
        "charges": (),
        "return_reason": None,
        "original_end_to_end_id": None,
        "purpose": None,
    }
    whole = {
        "ordinal": 1,
        "booking_date": day,
        "value_date": day,
        "amount": Decimal(amount),
        "currency": "EUR",
        "status": "booked",
        "reversal": False,
        "bank_reference": None,
        "entry_reference": None,
        "transaction_code": None,
        "where": "line 1",
    }
    for name, value in said.items():
        (whole if name in whole else detail)[name] = value
    return BankEntry(**whole, details=(EntryDetail(**detail),))
