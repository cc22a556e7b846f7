"""Postings for the tests of the connectors, with only what a test cares about said."""

from datetime import date

from matching.model.posting import PostedAllocation, Posting

ACCOUNT = "DE89370400440532013000"


def allocation(item_id, cash, *, discount=0, write_off=0, customer_id="C1", number=None, expected_open=None):
    return PostedAllocation(
        item_id=item_id,
        number=number or f"R-{item_id}",
        customer_id=customer_id,
        cash=cash,
        discount=discount,
        write_off=write_off,
        write_off_reason="tolerance" if write_off else "",
        expected_open=cash + discount + write_off if expected_open is None else expected_open,
    )


def posting(
    key="ABCDEFGHJKLMNPQR",
    *,
    allocations=None,
    on_account=0,
    customer_id="C1",
    currency="EUR",
    booking_date=date(2026, 11, 20),
    account=ACCOUNT,
    bank_reference="BR-1",
    revision=1,
):
    allocations = (allocation("I1", 11900),) if allocations is None else tuple(allocations)
    return Posting(
        key=key,
        revision=revision,
        company="acme",
        payment_id=f"payment-of-{key}",
        account=account,
        bank_reference=bank_reference,
        end_to_end_id="E2E-1",
        booking_date=booking_date,
        value_date=booking_date,
        currency=currency,
        amount=sum(each.cash for each in allocations) + on_account,
        payer_name="Müller & Söhne KG",
        payer_account="NL91ABNA0417164300",
        remittance="invoice R-I1",
        allocations=allocations,
        on_account=on_account,
        on_account_customer_id=customer_id if on_account else "",
        status="posted",
        confidence=0.9999,
        rule="by_document_number",
        explanation="The remittance quotes the number of the invoice.",
    )
