"""IBANs inside running text, where nothing but their own length and check digits says where they end."""

import re

from integrations.bank.mt940.remarks import is_iban

# SWIFT IBAN registry: how many characters an IBAN of the country has.
_LENGTHS = {
    country: int(length)
    for country, length in re.findall(
        "([A-Z]{2})([0-9]{2})",
        """AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24
        FI18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21
        LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SC31
        SD18 SE24 SI19 SK24 SM27 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20""",
    )
}
# Written with its letters in front, so that the search passes over everything else without trying.
_BEGINNING = re.compile(r"[A-Z]{2}[0-9]{2}(?<!\w.{4})(?= ?[A-Z0-9])")
_LONGEST_PRINTED = 44
# Three letters X in a row stand for digits that are not shown.
_MEANT = re.compile(r"[A-Z]{2}[0-9]{2}(?!.*X{3})[A-Z0-9]{10,30}")


def is_wrong_iban(text: str) -> bool:
    """Whether a number is written like an IBAN of its country but is none: a digit is wrong, missing or too many.

    >>> is_wrong_iban("DE89370400440532013001"), is_wrong_iban("DE89370400440532013000"), is_wrong_iban("12345678")
    (True, False, False)
    """
    if text[:2] not in _LENGTHS or not _MEANT.fullmatch(text):
        return False
    return len(text) != _LENGTHS[text[:2]] or not is_iban(text)


def ibans_in(text: str) -> set[str]:
    """The IBANs of a text without their blanks; words that follow one do not belong to it.

    >>> ibans_in("VAN BE71 0961 2345 6769 BIC GKCCBEBB"), ibans_in("DE88370400440532013000")
    ({'BE71096123456769'}, set())
    """
    found = set()
    for beginning in _BEGINNING.finditer(text):
        length = _LENGTHS.get(beginning.group()[:2])
        if length is None:
            continue
        words = text[beginning.start() : beginning.start() + _LONGEST_PRINTED + 1].split(" ")
        compact = words[0]
        for word in words[1:]:
            if len(compact) >= length:
                break
            compact += word
        candidate = compact[:length]
        if not compact[length : length + 1].isalnum() and is_iban(candidate):
            found.add(candidate)
    return found
