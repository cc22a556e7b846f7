"""What is left of a payer's words once the banks have carried them: MT940, CAMT or OFX.

MT940: upper case ASCII, six lines of 27 hard-wrapped, handed on joined or with blanks, name in 27 or 54. CAMT: 140
characters of text, name in 70. OFX: name in 32, memo joined.
"""

import random

from anyascii import anyascii

_DIGRAPHS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ä": "AE", "Ö": "OE", "Ü": "UE"})


def ascii_upper(chance: random.Random, text: str) -> str:
    """As an old bank system writes: upper case, umlauts as digraphs or as bare vowels."""
    return anyascii(text.translate(_DIGRAPHS) if chance.random() < 0.5 else text).upper()


def carry_text(chance: random.Random, wire: str, text: str) -> tuple[str, tuple[str, ...]]:
    """The remittance as joined text and as the bank's lines."""
    if wire == "camt":
        kept = text[:140]
        return kept, (kept,) if kept else ()
    if wire == "ofx":
        kept = text[:100]
        return kept, (kept,) if kept else ()
    plain = ascii_upper(chance, text)[: 6 * 27]
    lines = tuple(plain[at : at + 27] for at in range(0, len(plain), 27))
    return ("" if chance.random() < 0.6 else " ").join(lines), lines


def carry_name(chance: random.Random, wire: str, name: str) -> str:
    """The payer's name as far as the format has room."""
    if wire == "camt":
        return (name if chance.random() < 0.6 else name.upper())[:70]
    if wire == "ofx":
        return name.upper()[:32]
    return ascii_upper(chance, name)[: chance.choice((27, 27, 35, 54))].strip()
