"""Account numbers and payment references with correct check digits, all invented."""

import random


def iban(country: str, basic_account: str) -> str:
    """The IBAN of a domestic account number (ISO 13616, check digits by ISO 7064 mod 97-10)."""
    return f"{country}{98 - _as_number(basic_account + country + '00') % 97:02d}{basic_account}"


def creditor_reference(text: str) -> str:
    """An RF reference (ISO 11649) over the given text."""
    return f"RF{98 - _as_number(text + 'RF00') % 97:02d}{text}"


def belgian_reference(number: int) -> str:
    """A Belgian structured communication (OGM/VCS): ten digits and their remainder by 97, as printed."""
    digits = f"{number:010d}"
    digits += f"{number % 97 or 97:02d}"
    return f"+++{digits[:3]}/{digits[3:7]}/{digits[7:]}+++"


def finnish_reference(number: int) -> str:
    """A Finnish viitenumero: weights 7, 3, 1 from the right, last digit fills up to the next ten."""
    total = sum(int(digit) * (7, 3, 1)[place % 3] for place, digit in enumerate(reversed(str(number))))
    return f"{number}{-total % 10}"


def invented_account(country: str, chance: random.Random) -> str:
    """A new IBAN of the country whose domestic check digits are right as well."""
    return iban(country, _DOMESTIC[country](chance))


def _as_number(text: str) -> int:
    return int("".join(str(int(character, 36)) for character in text))


def _digits(chance: random.Random, count: int) -> str:
    return "".join(str(chance.randrange(10)) for _ in range(count))


def _dutch(chance: random.Random) -> str:
    bank = chance.choice(["ABNA", "RABO", "INGB", "TRIO", "KNAB"])
    while True:
        number = _digits(chance, 9)
        if sum(int(digit) * (9 - place) for place, digit in enumerate(number)) % 11 == 0:
            return f"{bank}0{number}"


def _german(chance: random.Random) -> str:
    return chance.choice(["37040044", "50010517", "20050550", "70150000"]) + _digits(chance, 10)


def _belgian(chance: random.Random) -> str:
    number = chance.choice(["735", "001", "363", "979"]) + _digits(chance, 7)
    return f"{number}{int(number) % 97 or 97:02d}"


def _french(chance: random.Random) -> str:
    bank, branch, number = chance.choice(["30004", "30003", "10278"]), _digits(chance, 5), _digits(chance, 11)
    key = 97 - (89 * int(bank) + 15 * int(branch) + 3 * int(number)) % 97
    return f"{bank}{branch}{number}{key:02d}"


def _british(chance: random.Random) -> str:
    return chance.choice(["NWBK601613", "BARC200415", "LOYD309634"]) + _digits(chance, 8)


def _finnish(chance: random.Random) -> str:
    body = "159030" + _digits(chance, 7)
    doubled = [int(digit) * (2 - place % 2) for place, digit in enumerate(body)]
    return f"{body}{-sum(value // 10 + value % 10 for value in doubled) % 10}"


def _swiss(chance: random.Random) -> str:
    return "00762" + _digits(chance, 12)


_DOMESTIC = {
    "NL": _dutch,
    "DE": _german,
    "BE": _belgian,
    "FR": _french,
    "GB": _british,
    "FI": _finnish,
    "CH": _swiss,
}
