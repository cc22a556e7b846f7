"""Makes text that strangers wrote (bank texts, names) harmless in markdown tables, YAML comments and YAML values.

Whoever sends us a cent can write 140 characters into our worklist. None of them may become a link, an image, a table
cell, a line of configuration, or turn the reading direction around.
"""

import re

# What YAML 1.1 accepts without an escape, less its line breaks; everything else is a blank in text for reading.
_UNPRINTABLE = re.compile("[^\x20-\x7e\xa0-\u2027\u202f-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\U00010000-\U0010ffff]")
# Characters that show nothing, or reorder what stands beside them.
_INVISIBLE = re.compile("[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~&$^=:@\"'/])")
_BLANKS = re.compile(r"\s+")


def plain(text: str, limit: int = 0) -> str:
    r"""One line of visible characters; with a limit, cut with an ellipsis.

    >>> plain("Invoice 1\nresolution: WRITE_OFF")
    'Invoice 1 resolution: WRITE_OFF'
    >>> plain("abcdef", limit=4)
    'abc…'
    """
    line = _BLANKS.sub(" ", _UNPRINTABLE.sub(" ", _INVISIBLE.sub("", text))).strip()
    return line if not limit or len(line) <= limit else line[: limit - 1].rstrip() + "…"


def markdown(text: str, limit: int = 0) -> str:
    r"""Text for a markdown table cell: nothing in it is a link, an image, emphasis or a new cell.

    >>> markdown("[pay](http://x) | *now*")
    '\\[pay\\]\\(http\\:\\/\\/x\\) \\| \\*now\\*'
    """
    return _MARKDOWN.sub(r"\\\1", plain(text, limit))


def unbroken(text: str) -> str:
    r"""Our own short text, such as an amount, for a table cell: it stays on one line.

    >>> unbroken("1,250.00 EUR")
    '1,250.00\xa0EUR'
    """
    return text.replace(" ", "\xa0")


def comment(text: str, limit: int = 0) -> str:
    r"""Text for the rest of a YAML comment line: it cannot leave its line.

    >>> comment("thanks\u2028case: OTHER")
    'thanks case: OTHER'
    """
    return plain(text, limit)


def value(text: str) -> str:
    r"""A double-quoted YAML scalar that loads as exactly this text, whatever it holds.

    >>> value('5" pipe\n')
    '"5\\" pipe\\n"'
    """
    return '"' + "".join(_escaped(character) for character in text) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if character == "\n":
        return "\\n"
    if _UNPRINTABLE.match(character) or _INVISIBLE.match(character) or _BLANKS.match(character):
        code = ord(character)
        return character if character == " " else f"\\u{code:04X}" if code < 0x10000 else f"\\U{code:08X}"
    return character


def masked(account: str) -> str:
    """An account number that a colleague can recognise and a passer-by cannot use.

    >>> masked("NL20INGB0001234567"), masked("12345")
    ('NL20…4567', '…345')
    """
    return f"{account[:4]}…{account[-4:]}" if len(account) > 10 else f"…{account[-3:]}" if account else ""
