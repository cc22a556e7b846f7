"""Every scheme keeps the same promises, and notices typing slips at the rate it states."""

import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import iso11649, luhn
from stdnum.be import ogm_vcs
from stdnum.ch import esr
from stdnum.iso7064 import mod_97_10

from matching.references import (
    InvalidReferenceError,
    Scheme,
    all_schemes,
    canonical,
    fi_viitenumero,
    find,
    nl_betalingskenmerk,
    no_kid,
    scheme_of_type,
)
from matching.references._shared import check_digit_modulus_11_folded

SCHEMES = {scheme.NAME: scheme for scheme in all_schemes()}


def _digits(chance: random.Random, length: int) -> str:
    return str(chance.randrange(10 ** (length - 1), 10**length))


def _rf(chance: random.Random) -> str:
    body = _digits(chance, 12)
    return "RF" + mod_97_10.calc_check_digits(body + "RF") + body


def _ogm(chance: random.Random) -> str:
    body = _digits(chance, 10)
    return body + ogm_vcs.calc_check_digits(body)


def _luhn_of(length: int) -> Callable[[random.Random], str]:
    def make(chance: random.Random) -> str:
        body = _digits(chance, length - 1)
        return body + luhn.calc_check_digit(body)

    return make


def _qrr(chance: random.Random) -> str:
    body = _digits(chance, 26)
    return body + esr.calc_check_digit(body)


def _viite(chance: random.Random) -> str:
    body = _digits(chance, 9)
    return body + fi_viitenumero.check_digit(body)


def _kenmerk(chance: random.Random) -> str:
    body = _digits(chance, 15)
    return nl_betalingskenmerk.check_digit(body) + body


def _model(country: str) -> Callable[[random.Random], str]:
    def make(chance: random.Random) -> str:
        body = _digits(chance, 10)
        return f"{country}01{body}{check_digit_modulus_11_folded(body)}"

    return make


MAKERS: dict[str, Callable[[random.Random], str]] = {
    "ISO 11649": _rf,
    "OGM-VCS": _ogm,
    "QRR": _qrr,
    "viitenumero": _viite,
    "KID": _luhn_of(10),
    "OCR": _luhn_of(10),
    "FIK": _luhn_of(15),
    "betalingskenmerk": _kenmerk,
    "SI model": _model("SI"),
    "HR model": _model("HR"),
}


def test_every_scheme_of_the_folder_is_tested() -> None:
    assert set(MAKERS) == set(SCHEMES)


@pytest.mark.parametrize("name", sorted(MAKERS))
def test_what_it_makes_is_valid_found_in_text_and_compacts_to_itself(name: str) -> None:
    scheme, chance = SCHEMES[name], random.Random(7)
    for _ in range(200):
        reference = MAKERS[name](chance)
        assert scheme.is_valid(reference)
        assert scheme.compact(scheme.validate(reference)) == scheme.validate(reference)
        text = f"Zahlung {reference} danke"
        found = [candidate for candidate in scheme.find(text) if candidate.reference == scheme.compact(reference)]
        assert found
        assert scheme.compact(text[found[0].start : found[0].end]) == found[0].reference


def _slips_unnoticed(scheme: Scheme, make: Callable[[random.Random], str]) -> tuple[float, float]:
    chance = random.Random(11)
    missed_single = missed_swap = singles = swaps = 0
    first = 4 if make(chance)[0].isalpha() else 0
    for _ in range(4000):
        reference = make(chance)
        at = chance.randrange(first, len(reference))
        wrong = chance.choice([digit for digit in "0123456789" if digit != reference[at]])
        singles += 1
        missed_single += scheme.is_valid(reference[:at] + wrong + reference[at + 1 :])
        at = chance.randrange(first, len(reference) - 1)
        if reference[at] != reference[at + 1]:
            swaps += 1
            missed_swap += scheme.is_valid(reference[:at] + reference[at + 1] + reference[at] + reference[at + 2 :])
    return missed_single / singles, missed_swap / swaps


@pytest.mark.parametrize("name", sorted(MAKERS))
def test_typing_slips_go_unnoticed_no_more_often_than_the_scheme_states(name: str) -> None:
    scheme = SCHEMES[name]
    single, swap = _slips_unnoticed(scheme, MAKERS[name])
    assert single <= scheme.STRENGTH.single_undetected * 1.4
    assert swap <= scheme.STRENGTH.transposed_undetected * 1.4
    assert scheme.STRENGTH.enough_alone == (
        scheme.STRENGTH.single_undetected == scheme.STRENGTH.transposed_undetected == 0
    )


@given(st.integers(10**8, 10**10 - 1), st.data())
def test_modulus_97_notices_every_slip(number: int, data: st.DataObject) -> None:
    body = f"{number:010d}"
    for reference, scheme in (
        (body + ogm_vcs.calc_check_digits(body), SCHEMES["OGM-VCS"]),
        ("RF" + mod_97_10.calc_check_digits(body + "RF") + body, SCHEMES["ISO 11649"]),
    ):
        first = 2 if reference.startswith("RF") else 0
        at = data.draw(st.integers(first, len(reference) - 1))
        wrong = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != reference[at]]))
        assert not scheme.is_valid(reference[:at] + wrong + reference[at + 1 :])


@given(st.integers(10**5, 10**12), st.data())
def test_norwegian_modulus_11_alone_notices_every_slip(number: int, data: st.DataObject) -> None:
    reference = f"{number}{no_kid.check_digit_modulus_11(str(number))}"
    at = data.draw(st.integers(0, len(str(number)) - 1))
    wrong = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != reference[at]]))
    assert no_kid.is_valid_modulus_11(reference)
    assert not no_kid.is_valid_modulus_11(reference[:at] + wrong + reference[at + 1 :])


@pytest.mark.parametrize("scheme", all_schemes(), ids=lambda scheme: scheme.NAME)
@given(text=st.text(max_size=80))
def test_no_text_breaks_a_scheme(scheme: Scheme, text: str) -> None:
    canonical(text)
    for found in scheme.find(text):
        assert scheme.is_valid(text[found.start : found.end])
    if not scheme.is_valid(text):
        with pytest.raises(InvalidReferenceError, match=r"reference|betalingskenmerk"):
            scheme.validate(text)


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("+++090/9337/55493+++", "***090/9337/55493***", True),
        ("RF18 5390 0754 7034", "rf18539007547034", True),
        ("00 00000 00000 00000 00018 78583", "1878583", True),
        ("12345 67897", "1234567897", True),
        ("+71<000000001234566+81234567<", "000000001234566", True),
        ("HR01 12-345", "HR01 123-45", False),
        ("123456-", "123456", False),
        ("RF18539007547034", "RF81539007547034", False),
    ],
    ids=[
        "ogm-stars",
        "rf-blanks",
        "qrr-zeros",
        "viite-groups",
        "fik-line",
        "hr-hyphens-mean",
        "kid-hyphen",
        "rf-digits",
    ],
)
def test_two_printings_of_one_reference_are_equal(one: str, other: str, equal: bool) -> None:
    assert (canonical(one) == canonical(other)) is equal


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("SCOR", "ISO 11649"),
        ("qrr", "QRR"),
        ("ISR", "QRR"),
        ("OGM", "OGM-VCS"),
        ("KID", "KID"),
        ("CUR", "betalingskenmerk"),
    ],
)
def test_a_type_code_names_its_scheme(code: str, name: str) -> None:
    scheme = scheme_of_type(code)
    assert scheme is not None
    assert name == scheme.NAME


def test_no_code_names_two_schemes() -> None:
    codes = [code for scheme in all_schemes() for code in scheme.TYPES]
    assert len(codes) == len(set(codes))


def test_a_long_text_is_searched_in_bounded_time() -> None:
    text = "12 34567 " * 7000
    assert sum(1 for _ in find(text)) < 27 * len(text)
    assert iso11649.is_valid("RF18539007547034")
