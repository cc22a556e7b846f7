"""How people write document numbers, and what only looks like one."""

import pytest

from matching.engine import match
from matching.grades import Payer, Reference
from matching.index import LedgerIndex
from matching.model.open_item import Customer, OpenItem
from matching.model.payment import Payment
from matching.model.policy import History, Policy
from matching.reading import Reading
from tests.matching.worlds import TODAY


def _item(number, customer="C1", **more):
    return OpenItem(
        item_id=number,
        number=number,
        kind="invoice",
        customer_id=customer,
        currency="EUR",
        issued_on=TODAY.replace(month=5),
        due_on=TODAY,
        original_amount=10_000,
        open_amount=10_000,
        **more,
    )


NUMBERS = (
    [f"RE2026-{n:06d}" for n in range(41230, 41260)]
    + [f"19000{n:05d}" for n in range(1230, 1260)]
    + [f"2026/{n:04d}" for n in range(811, 830)]
    + [f"{n:04d}/2026/K" for n in range(511, 530)]
    + ["A-77", "KX12B9", "10023", "10024", "10027"]
)
LEDGER = LedgerIndex.build(
    [
        *map(_item, NUMBERS),
        _item("RE2026-090001", customer="C2"),
        _item("RE2026-041999", payment_reference="RF4220260041999", other_references=("PO-99/2026",)),
    ],
    [Customer(customer_id="C1", name="Vos", ibans=("NL1",)), Customer(customer_id="C2", name="Berg", ibans=("NL2",))],
    History(settled_items=(_item("RE2026-041100"), _item("RE2025-041234"))),
    Policy(),
)


def _read(text, lines=(), account="NL1"):
    payment = Payment(
        payment_id="p",
        account="H",
        currency="EUR",
        amount=10_000,
        booked_on=TODAY,
        valued_on=None,
        payer_account=account,
        remittance=text,
        remittance_lines=lines,
    )
    return Reading(payment, LEDGER)


def _reading_of(items, text, account=""):
    payment = Payment(
        payment_id="p",
        account="H",
        currency="EUR",
        amount=1,
        booked_on=TODAY,
        valued_on=None,
        payer_account=account,
        remittance=text,
    )
    customers = [Customer(customer_id=key, name=key) for key in sorted({item.customer_id for item in items})]
    customers += [Customer(customer_id="payer", name="Payer", ibans=("NL9",))]
    return Reading(payment, LedgerIndex.build(items, customers, History(), Policy()))


def _named(reading):
    mentions = [mention for view in reading.views for mention in (*view.strong, *view.weak)]
    return {LEDGER.open.numbers[place] for mention in mentions for place in mention.items}


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("RE2026-041234", "RE2026-041234"),
        ("re 2026 / 041234 danke", "RE2026-041234"),
        ("RECHNUNGRE2026041234VOM0105", "RE2026-041234"),
        ("RE-Nr. 2026-041234", "RE2026-041234"),
        ("RE26-041234", "RE2026-041234"),
        ("RE2026-41234", "RE2026-041234"),
        ("Rechnung 41234", "RE2026-041234"),
        ("RE2O26-O41234", "RE2026-041234"),
        ("RE2026-04 1234", "RE2026-041234"),
        ("1900001234", "1900001234"),
        ("190 000 1234", "1900001234"),
        ("invoice 01235.", "1900001235"),
        ("fact 2026/0815", "2026/0815"),
        ("fv 0515/2026/K", "0515/2026/K"),
        ("A-77", "A-77"),
        ("your KX12B9 of may", "KX12B9"),
        ("RF42 2026 0041 999", "RE2026-041999"),
        ("order PO-99/2026", "RE2026-041999"),
    ],
)
def test_a_number_is_found_however_it_is_written(text, number):
    assert number in _named(_read(text))


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("10023/24/27", {"10023", "10024", "10027"}),
        ("10023-10027", {"10023", "10024", "10027"}),
        ("RE2026-041234, 35 und 37", {"RE2026-041234", "RE2026-041235", "RE2026-041237"}),
        ("RE2026-041234+RE2026-041236", {"RE2026-041234", "RE2026-041236"}),
        ("19000012341900001236", {"1900001234", "1900001236"}),
    ],
)
def test_lists(text, numbers):
    assert _named(_read(text)) == numbers


def test_a_number_cut_by_the_line_end_is_read_joined():
    assert _named(_read("", ("INVOICE 19000", "01240 THANKS"))) == {"1900001240"}


@pytest.mark.parametrize(
    "text",
    [
        "Kd-Nr. 10023",
        "KUNDENNUMMER 10023",
        "Tel. 10023",
        "vom 10.02.2026",
        "EUR 1.002,30 am 12.08.2026",
        "IBAN DE89 3704 0044 0532 0130 00",
        "2026",
        "",
    ],
)
def test_what_is_no_document_number(text):
    assert _named(_read(text)) == set()


@pytest.mark.parametrize(
    ("text", "number"),
    [("del 13/06/2026", "FPR 620/26"), ("del 1 3/06/2026", "FPR 620/26"), ("ottobre 2026", "FPR 20/26")],
    ids=["end-of-a-date", "end-of-a-date-cut-by-the-line", "year"],
)
def test_a_piece_of_a_date_is_no_document(text, number):
    assert _reading_of([_item(number)], text).strong == []


@pytest.mark.parametrize(
    ("text", "owners"),
    [
        ("pedido 262101", {"orderer"}),
        ("factura 262101", {"biller"}),
        ("262101", {"orderer", "biller"}),
    ],
    ids=["called-an-order", "called-an-invoice", "not-said"],
)
def test_an_order_number_that_is_another_documents_number(text, owners):
    items = [_item("262101", "biller"), _item("RE/26-00817", "orderer", other_references=("262101",))]
    reading = _reading_of(items, text)
    ledger = reading.index
    found = {place for mention in reading.strong for place in mention.items}
    assert {ledger.parties.ids[ledger.open.customer[place]] for place in found} == owners


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("2026/F/000247 a la 2026/F/000483", {"2026/F/000247", "2026/F/000302", "2026/F/000483"}),
        ("2026/F/000247 y 2026/F/000483", {"2026/F/000247", "2026/F/000483"}),
    ],
    ids=["from-to", "both"],
)
def test_between_the_ends_of_a_range_lie_the_same_customers_documents(text, named):
    own = [_item(f"2026/F/{count:06d}") for count in (247, 302, 483, 490)]
    reading = _reading_of([*own, _item("2026/F/000303", "other"), _item("FC-000303")], text)
    view, numbers = reading.first_view, reading.index.open.numbers
    assert {numbers[place] for one in (*view.strong, *view.weak) for place in one.items} == named


def test_the_year_in_front_of_a_number_is_no_running_number():
    reading = _reading_of([_item("2026/F/001983", "payer"), _item("2026/F/002026", "payer")], "2026/F/001983-25", "NL9")
    assert all(reading.index.open.numbers[place] != "2026/F/002026" for one in reading.weak for place in one.items)


def test_a_letter_typed_for_a_digit_does_not_cut_a_number_out_of_another():
    reading = _reading_of([_item("FA2610-0339", "payer"), _item("FA2609-0261", "payer")], "FACTURE FA261O-0339", "NL9")
    assert [mention.items for mention in reading.weak] == [(reading.index.open.numbers.index("FA2610-0339"),)]


@pytest.mark.parametrize(
    ("text", "number", "grade"),
    [
        ("zaliczka do oferty 381/11/2026", "INV-A1120-26", Reference.PART),
        ("rent 11/2026", "INV-A1120-26", Reference.PART),
        ("rent 11/2026", "112026", Reference.PART),
        ("saldo 31.10.2026", "031/10/2026", Reference.PART),
        ("fv 31/10/2026", "31/10/2026", Reference.FULL),
        ("inv/2026/01165/423", "INV/2026/01165", Reference.FULL),
        ("INV-A1120-26", "INV-A1120-26", Reference.FULL),
    ],
)
def test_a_date_or_a_piece_of_another_number_is_at_most_part_of_one(text, number, grade):
    ledger = LedgerIndex.build([_item(number)], [], History(), Policy())
    payment = Payment(
        payment_id="p", account="H", currency="EUR", amount=1, booked_on=TODAY, valued_on=None, remittance=text
    )
    assert [mention.grade for mention in Reading(payment, ledger).strong] == [grade]


def test_an_advance_on_an_offer_is_not_part_of_an_invoice_with_the_digits_of_its_month():
    customer = Customer(customer_id="C1", name="Vos", ibans=("NL1",))
    payment = Payment(
        payment_id="p",
        account="H",
        currency="EUR",
        amount=4_000,
        booked_on=TODAY,
        valued_on=None,
        payer_account="NL1",
        remittance="zaliczka do oferty 381/11/2026",
    )
    (decision,) = match([payment], [_item("INV-A1120-26")], [customer], History(), Policy(), TODAY).decisions
    assert not decision.allocations


LABELS = """
KD KDN KUNDE KUNDEN KND KLANT KLANTEN DEB DEBITOR DEBITEUR DEBITEUREN CLIENT CUST CUSTOMER KONTRAHENT KLIENT KUND
MANDANT VERTRAG CONTRACT CONTRAT UMOWA MANDAT MANDATE KDNR KUNDENNUMMER KUNDENNR KLANTNR KLANTNUMMER DEBNR CUSTNO
CUSTOMERNO TEL TELEFON TELEFOON PHONE FAX IBAN BIC KONTO BLZ PLZ NIP VAT BTW UST USTID KVK SIRET SIREN KNR
"""


@pytest.mark.parametrize("label", LABELS.split())
@pytest.mark.parametrize("gap", ["", " ", ": ", " - "])
def test_a_number_labelled_as_something_else_names_no_document(label, gap):
    assert _named(_read(f"{label}{gap}10023")) == set()


def test_the_prefix_tells_two_documents_with_the_same_digits_apart():
    ledger = LedgerIndex.build([_item("RE2026-000001"), _item("GS2026-000001")], [], History(), Policy())
    for number in ("RE2026-000001", "GS2026-000001"):
        (mention,) = Reading(
            Payment(
                payment_id="p",
                account="H",
                currency="EUR",
                amount=1,
                booked_on=TODAY,
                valued_on=None,
                remittance=f"wg. {number}",
            ),
            ledger,
        ).strong
        assert [ledger.open.numbers[place] for place in mention.items] == [number]
        assert mention.grade is Reference.FULL
        assert mention.shown == number


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("Rechnung RE2026-055555", ["055555"]),
        ("invoice 77001", ["77001"]),
        ("n/ref 9422509", []),
        ("DOC 7308472287", []),
        ("2026", []),
    ],
)
def test_numbers_that_can_only_be_meant_as_ours(text, unknown):
    assert _read(text).unknown_numbers == unknown


def test_settled_documents_are_recognised():
    assert [mention.text for mention in _read("RE2026-041100").closed] == ["2026041100"]


@pytest.mark.parametrize(
    ("account", "grade"), [("NL1", Payer.OTHER), ("NL2", Payer.ACCOUNT), ("", Payer.UNKNOWN), ("XX", Payer.UNKNOWN)]
)
def test_the_payer_is_graded_against_the_document(account, grade):
    place = LEDGER.open.item_ids.index("RE2026-090001")
    assert _read("RE2026-090001", account=account).weakest_payer((place,)) is grade
