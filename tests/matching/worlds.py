"""Small worlds for the laws: ledgers with repeated amounts, shared names and groups, payments that half fit them."""

from datetime import date, timedelta

from hypothesis import strategies as st

from matching.model.open_item import Customer, HouseAccount, OpenItem
from matching.model.payment import Payment, PaymentReference, RemittanceDocument
from matching.model.policy import History, Policy, Tolerance

TODAY = date(2026, 9, 15)
NAMES = ("Müller Bau GmbH", "Mueller Bau", "Vos BV", "Dupont SARL", "Kowalski Sp. z o.o.", "Green & Son Ltd")
AMOUNTS = st.sampled_from((100, 4_990, 9_900, 12_100, 24_200, 35_731, 119_007, 238_057)) | st.integers(1, 400_000)
DAYS = st.integers(-60, 60).map(lambda days: TODAY + timedelta(days=days))


@st.composite
def customers(draw):
    count = draw(st.integers(1, 5))
    return tuple(
        Customer(
            customer_id=f"C{place}",
            name=draw(st.sampled_from(NAMES)),
            ibans=tuple(draw(st.lists(st.sampled_from(("DE1", "DE2", "NL3", f"X{place}")), max_size=2))),
            parent_id=draw(st.sampled_from(("", "C0", "C1", "C9"))),
        )
        for place in range(count)
    )


@st.composite
def items(draw, owners):
    numbers = draw(st.lists(st.integers(1001, 1040), unique=True, max_size=14))
    found = []
    for number in numbers:
        credit = draw(st.integers(0, 9)) == 0
        amount = -draw(AMOUNTS) if credit else draw(AMOUNTS)
        issued = draw(DAYS)
        found.append(
            OpenItem(
                item_id=f"i{number}",
                number=draw(st.sampled_from(("RE2026-{:06d}", "{}", "INV/2026/{:05d}"))).format(number),
                kind="credit_note" if credit else "invoice",
                customer_id=draw(st.sampled_from(owners)).customer_id,
                currency=draw(st.sampled_from(("EUR",) * 9 + ("USD",))),
                issued_on=issued,
                due_on=issued + timedelta(days=draw(st.sampled_from((0, 14, 30)))),
                original_amount=amount,
                open_amount=amount,
                payment_reference=draw(st.sampled_from(("", "", f"RF00{number}"))),
                discount_until=issued + timedelta(days=10),
                discount_amount=draw(st.sampled_from((0, 0, amount * 2 // 100))),
                disputed=draw(st.integers(0, 9)) == 0,
            )
        )
    return tuple(found)


@st.composite
def payments(draw, ledger, owners):
    found = []
    for place in range(draw(st.integers(0, 6))):
        named = draw(st.lists(st.sampled_from(ledger), max_size=3)) if ledger else []
        amount = sum(item.open_amount for item in named) if draw(st.booleans()) else draw(AMOUNTS)
        amount += draw(st.sampled_from((0, 0, 0, -1, 50, -500)))
        text = " ".join([draw(st.sampled_from(("", "Rechnung", "saldo", "retour"))), *(i.number for i in named)])
        owner = draw(st.sampled_from(owners))
        found.append(
            Payment(
                payment_id=f"p{place}",
                account="H1",
                currency="EUR",
                amount=draw(st.sampled_from((1, 1, 1, 1, -1))) * amount,
                booked_on=draw(DAYS),
                valued_on=None,
                payer_name=draw(st.sampled_from(("", owner.name, "Somebody Else"))),
                payer_account=draw(st.sampled_from(("", "DE1", "NL3", *owner.ibans))),
                remittance=draw(st.sampled_from((text, text.replace("-", ""), text[:18], text.replace("0", "O")))),
                references=tuple(
                    PaymentReference(type="SCOR", reference=item.payment_reference)
                    for item in named
                    if item.payment_reference
                ),
                documents=tuple(
                    RemittanceDocument(
                        type="CINV",
                        number=item.number,
                        remitted=item.open_amount,
                        discount=None,
                        adjustment=None,
                        adjustment_reason=None,
                    )
                    for item in named
                )
                if draw(st.integers(0, 4)) == 0
                else (),
                charge_bearer=draw(st.sampled_from(("", "SHA"))),
            )
        )
    return tuple(found)


@st.composite
def worlds(draw):
    """Customers, open items, history, policy and payments."""
    owners = draw(customers())
    ledger = draw(items(owners))
    settled = tuple(
        OpenItem(
            item_id=f"s{number}",
            number=f"RE2026-{number:06d}",
            kind="invoice",
            customer_id=owners[0].customer_id,
            currency="EUR",
            issued_on=TODAY - timedelta(days=90),
            due_on=TODAY - timedelta(days=60),
            original_amount=12_100,
            open_amount=0,
            settled_on=TODAY - timedelta(days=50),
        )
        for number in draw(st.lists(st.integers(1, 30), unique=True, max_size=3))
    )
    policy = Policy(
        tolerance=(("EUR", Tolerance(amount=draw(st.sampled_from((0, 100))), per_ten_thousand=100)),),
        charges_limit=(("EUR", draw(st.sampled_from((0, 1_500)))),),
        house_accounts=(HouseAccount(account="H1", currency="EUR"),),
        accept_late_discount=draw(st.booleans()),
    )
    return owners, ledger, History(settled_items=settled), policy, draw(payments(ledger, owners))
