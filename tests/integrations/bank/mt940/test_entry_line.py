"""Field 61: what banks write there and what it means."""

from datetime import date
from decimal import Decimal

import pytest

from integrations.bank.mt940.entry_line import UnreadableEntryError, read_entry_line


@pytest.mark.parametrize(
    ("line", "amount", "mark"),
    [
        ("2601020102C12,50NTRFNONREF", "12.50", "C"),
        ("2601020102D12,50NTRFNONREF", "-12.50", "D"),
        ("2601020102RC12,50NTRFNONREF", "-12.50", "RC"),
        ("2601020102RD12,50NTRFNONREF", "12.50", "RD"),
        ("2601020102EC12,50NTRFNONREF", "12.50", "EC"),
        ("2601020102ED12,50NTRFNONREF", "-12.50", "ED"),
        ("2601020102ERC12,50NTRFNONREF", "-12.50", "ERC"),
        ("2601020102ERD12,50NTRFNONREF", "12.50", "ERD"),
        ("2601020102CR12,50NTRFNONREF", "12.50", "C"),
        ("2601020102DR12,50NTRFNONREF", "-12.50", "D"),
        ("2601020102RCR12,50NTRFNONREF", "-12.50", "RC"),
        ("2601020102RDR12,50NTRFNONREF", "12.50", "RD"),
        ("2601020102CN12,50NTRFNONREF", "12.50", "C"),
        ("2601020102DD12,50NTRFNONREF", "-12.50", "D"),
        ("2601020102d12,50NTRFNONREF", "-12.50", "D"),
        ("2601020102rc12,50NTRFNONREF", "-12.50", "RC"),
        ("2601020102RC\n12,50NTRFNONREF", "-12.50", "RC"),
        ("2601020102 C 12,50NTRFNONREF", "12.50", "C"),
        ("260102C12,50NTRFNONREF", "12.50", "C"),
        ("2601020102C0,00NTRFNONREF", "0.00", "C"),
        ("2601020102D0,00NTRFNONREF", "0.00", "D"),
        ("2601020102C1000,NTRFNONREF", "1000", "C"),
        ("2601020102C,50NTRFNONREF", "0.50", "C"),
        ("2601020102C000000000012,50NTRFNONREF", "12.50", "C"),
        ("2601020102C999999999999,99NTRFNONREF", "999999999999.99", "C"),
        ("2601020102C12.50NTRFNONREF", "12.50", "C"),
        ("2601020102C12.NTRFNONREF", "12", "C"),
        ("2601020102C1.234,50NTRFNONREF", "1234.50", "C"),
        ("2601020102C1.234.567,NTRFNONREF", "1234567", "C"),
        ("2601020102C1,234.50NTRFNONREF", "1234.50", "C"),
        ("2601020102C12NTRFNONREF", "12", "C"),
    ],
)
def test_amount_and_sign(line: str, amount: str, mark: str):
    read = read_entry_line(line, "EUR")
    assert (read.amount, read.mark) == (Decimal(amount), mark)
    assert not (read.amount.is_zero() and read.amount.is_signed())


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("", "unreadable_entry"),
        ("2601020102X12,50NTRFNONREF", "unreadable_entry"),
        ("2601020102C,NTRFNONREF", "unreadable_entry"),
        ("2601020102CNTRFNONREF", "unreadable_entry"),
        ("no date C12,50", "unreadable_entry"),
        ("C12", "unreadable_entry"),
        ("2601020102C-12,50NTRFNONREF", "unreadable_entry"),
        ("2601020102C1.234NTRFNONREF", "amount_ambiguous"),
        ("2601020102C12,34,56NTRFNONREF", "amount_ambiguous"),
        ("2601020102C1,5'NTRFNONREF", "amount_ambiguous"),
        ("2601020102C1.23.456,00NTRFNONREF", "amount_ambiguous"),
        ("2601020102C" + "9" * 19 + ",00NTRF", "amount_too_long"),
    ],
)
def test_what_gives_no_certain_amount_is_refused(line: str, code: str):
    with pytest.raises(UnreadableEntryError) as refused:
        read_entry_line(line, "EUR")
    assert refused.value.code == code


def test_a_point_with_three_decimals_is_certain_in_a_currency_that_has_them():
    assert read_entry_line("2601020102C1.234NTRF", "KWD").amount == Decimal("1.234")


@pytest.mark.parametrize(
    ("line", "valued", "booked", "codes"),
    [
        ("2601020103C1,00NTRF", date(2026, 1, 2), date(2026, 1, 3), []),
        ("2512311231C1,00NTRF", date(2025, 12, 31), date(2025, 12, 31), []),
        ("2512310102C1,00NTRF", date(2025, 12, 31), date(2026, 1, 2), []),
        ("2601021230C1,00NTRF", date(2026, 1, 2), date(2025, 12, 30), []),
        ("2403010229C1,00NTRF", date(2024, 3, 1), date(2024, 2, 29), []),
        ("260102C1,00NTRF", date(2026, 1, 2), None, []),
        ("260102    C1,00NTRF", date(2026, 1, 2), None, []),
        ("9901020102C1,00NTRF", date(1999, 1, 2), date(1999, 1, 2), []),
        ("1602300301C1,00NTRF", None, date(2016, 3, 1), ["value_date_invalid"]),
        ("2603010230C1,00NTRF", date(2026, 3, 1), None, ["entry_date_invalid"]),
        ("C1,00NTRF", None, None, ["value_date_invalid"]),
        ("          C1,00NTRF", None, None, ["value_date_invalid"]),
        ("26010C1,00NTRF", None, None, ["value_date_invalid"]),
        ("3454543545C1,00NTRF", None, None, ["value_date_invalid", "entry_date_invalid"]),
    ],
)
def test_dates(line: str, valued: date | None, booked: date | None, codes: list[str]):
    read = read_entry_line(line, "EUR")
    assert (read.value_date, read.entry_date) == (valued, booked)
    assert [code for code, _ in read.remarks] == codes


@pytest.mark.parametrize(
    ("line", "type_code", "reference", "bank_reference"),
    [
        ("260102C1,00NTRFINV 4711//B26", "NTRF", "INV 4711", "B26"),
        ("260102C1,00NTRFNONREF", "NTRF", None, None),
        ("260102C1,00FMSC01916//NONREF", "FMSC", "01916", None),
        ("260102C1,00N062NONREF", "N062", None, None),
        ("260102C1,00S103987009//8951234", "S103", "987009", "8951234"),
        ("260102C1,00NONREF", None, None, None),
        ("260102C1,00//19239782213", None, None, "19239782213"),
        ("260102C1,00", None, None, None),
        ("260102C1,00NET NONREF", "NET", None, None),
        ("260102C1,00NOV EV41411REP170112", "NOV", "EV41411REP170112", None),
        ("260102C1,00 NRTIKREF+//2016", "NRTI", "KREF+", "2016"),
        ("260102C1,00NMSC341241773/1X//O/341", "NMSC", "341241773/1X", "O/341"),
        ("260102C1,00NTRF6111397130480   //D11139HMUC713048", "NTRF", "6111397130480", "D11139HMUC713048"),
        ("260102C1,00N05100001238972230329", "N051", "00001238972230329", None),
        ("260102C1,00NOVBNL47INGB9999999999", "NOVB", "NL47INGB9999999999", None),
    ],
)
def test_type_and_references(line: str, type_code: str | None, reference: str | None, bank_reference: str | None):
    read = read_entry_line(line, "EUR")
    assert (read.type_code, read.reference, read.bank_reference) == (type_code, reference, bank_reference)


def test_old_rabobank_lines_hold_account_and_name_without_the_slashes_of_the_standard():
    read = read_entry_line("121001D000000000050,00N0701313131319      J. DOE          ", "EUR")
    assert (read.reference, read.trailing) == ("1313131319", "J. DOE")


def test_the_second_line_is_kept_apart():
    read = read_entry_line("2601020102D1,00NTRFNONREF//B1\n/OCMT/USD1,10/\nmore", "EUR")
    assert read.supplementary == ["/OCMT/USD1,10/", "more"]


def test_thousands_parted_by_blanks_are_one_amount():
    line = read_entry_line("2603120312D1 234 567,89NTRFREF//1", "EUR")
    assert (line.amount, line.type_code, line.reference) == (Decimal("-1234567.89"), "NTRF", "REF")
    assert [code for code, _ in line.remarks] == ["amount_grouped"]


def test_digits_behind_an_amount_without_decimal_mark_are_not_guessed_at():
    with pytest.raises(UnreadableEntryError) as caught:
        read_entry_line("2603120312D1 23,56 4711", "EUR")
    assert caught.value.code == "amount_ambiguous"


def test_a_type_of_one_letter_and_blanks_is_not_taken_for_a_reference():
    line = read_entry_line("1710111011DF2402,00S   INV 12//77", "HUF")
    assert (line.amount, line.type_code, line.reference) == (Decimal("-2402.00"), "S", "INV 12")


@pytest.mark.parametrize("dates", ["202603120312", "20260312"])
def test_a_year_in_full_is_still_a_date(dates: str):
    line = read_entry_line(f"{dates}C10,00NTRFNONREF", "EUR")
    assert (line.value_date, line.amount, line.remarks) == (date(2026, 3, 12), Decimal("10.00"), ())
