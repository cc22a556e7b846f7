"""One way of writing for everything that is compared: the bank's text, the ERP's numbers, the names of payers.

Banks write upper case without accents (SWIFT character set x), ERPs write what people typed. Both become the same
plain upper-case ASCII here, so that the rest of the engine compares like with like.
"""

import re
import unicodedata

from anyascii import anyascii

_NOT_ALNUM = re.compile(r"[^A-Z0-9]+")

LONGEST_TEXT = 6_000
"""How many characters of one payment's remittance are read. A SEPA payment carries 140, a long advice some thousand."""


def plain(text: str) -> str:
    """Upper-case ASCII, same meaning: compatibility forms unified, accents and other scripts transliterated.

    >>> plain("Rechnung №\u00a0１２３ – Müller & Söhne")
    'RECHNUNG NO 123 - MULLER & SOHNE'
    """
    if text.isascii():
        return text.upper()
    # A lone surrogate cannot be transliterated; it carries no meaning either.
    shortened = text.encode("utf-8", "ignore").decode("utf-8", "ignore")
    return anyascii(unicodedata.normalize("NFKC", shortened)).upper()


def compact(text: str) -> str:
    """Letters and digits only, upper case: how references are compared.

    >>> compact("RF18 5390-0754.7034"), compact("inv/2025/00042")
    ('RF18539007547034', 'INV202500042')
    """
    if text.isascii() and text.isalnum():
        return text.upper()
    return _NOT_ALNUM.sub("", plain(text))


def readings(remittance: str, lines: tuple[str, ...]) -> tuple[str, ...]:
    """The ways a remittance can be read: lines spaced, and lines joined because a wrap may cut a number in two.

    The spaced reading comes first; when both say the same there is one.

    >>> readings("", ("RECHNUNG RE2025-04", "1234 DANKE"))
    ('RECHNUNG RE2025-04 1234 DANKE', 'RECHNUNG RE2025-041234 DANKE')
    >>> readings("re 1", ())
    ('RE 1',)
    """
    if len(lines) < 2:
        return (plain((lines[0] if lines and not remittance else remittance)[:LONGEST_TEXT]),)
    spaced = plain(" ".join(lines)[:LONGEST_TEXT])
    joined = plain("".join(lines)[:LONGEST_TEXT])
    return (spaced, joined) if joined != spaced else (spaced,)
