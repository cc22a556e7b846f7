"""What a dialect gets to read: the texts around one entry, and helpers that several dialects share."""

import re
from decimal import Decimal

from integrations.bank.drafts import DetailDraft
from integrations.bank.mt940.entry_line import EntryLine
from matching.model.bank_statement import Charge

SWIFT_LINE = 65
_LINE_AND_END = SWIFT_LINE + 1
_FIRST_END = SWIFT_LINE - len(":86:")
_NEARLY_FULL = 60  # the tag counted with the first line, blanks at the end lost
_NARROWEST = 27  # no bank cuts its lines shorter than a German sub-field
_CODE_SIGNS = frozenset(["", *"/?~^<>"])
# A line end inside a code (`/RE` and `MI/`, but not `... A/S` and the next label; `?2` and `0`) or a time of day.
_CUT_CODE = re.compile(r"/[A-Z0-9]{0,4}\n[A-Z0-9]{0,8}/|[?~^<>](?:[0-9]{2}\n|[0-9]?\n[0-9])|T[0-9]{2}\n:[0-9]{2}")
_NOT_GIVEN = frozenset({"", "NOTPROVIDED", "NONREF", "NICHTANGEGEBEN", "NOTPROV", "-"})
_NOT_GIVEN_LENGTH = 16
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{10,30}")
_BIC = re.compile(r"[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?")
_MONEY = re.compile(r"([A-Z]{3}) ?([0-9]{1,15}(?:[,.][0-9]{0,4})?)")


class Remarks:
    """One entry's texts: its `:86:` fields as they came, the same unwrapped into one line, and its `:61:` line."""

    __slots__ = ("_evenly_cut", "body", "line", "text")

    def __init__(self, body: str, line: EntryLine) -> None:
        self.body = body
        self.line = line
        self.text = text = body.replace("\n", "")
        marks = "\n" * (len(body) - len(text))
        # The rule of `_evenly_cut`, without the call: nearly every text is.
        if not marks or body[_FIRST_END::_LINE_AND_END] == marks or body[SWIFT_LINE::_LINE_AND_END] == marks:
            self._evenly_cut = True
        else:
            self._evenly_cut = False
            self.text = mark_line_ends(body).replace("\r", "").replace("\n", " ")

    @property
    def marked(self) -> str:
        """The text with its line ends: CR inside words, LF between them."""
        return self.body.replace("\n", "\r") if self._evenly_cut else mark_line_ends(self.body)

    @property
    def lines(self) -> list[str]:
        """The lines of all `:86:` fields, unchanged."""
        return self.body.split("\n")


def mark_line_ends(body: str) -> str:
    r"""The text with CR for line ends inside words and LF for those between them.

    Banks cut the text every 65 characters, in the middle of words and numbers: a full line is continued without
    a blank. A line that ends before the width was ended on purpose, unless the next one begins with a code or the
    cut went through one.

    >>> unwrap("INVOICES 4711,\n4712"), unwrap("WITH REGARD TO YOUR LETTER OF MARCH 3 WE PAY TODAY INVOICE 47\n11")
    ('INVOICES 4711, 4712', 'WITH REGARD TO YOUR LETTER OF MARCH 3 WE PAY TODAY INVOICE 4711')
    """
    if _evenly_cut(body, body.count("\n")):
        return body.replace("\n", "\r")
    lines = body.split("\n")
    first = len(lines[0])
    lengths = {len(line) for line in lines[:-1]}
    # Some banks have a width of their own: several lines of the same length were cut, not ended.
    width = lengths.pop() if len(lengths) == 1 and len(lines) > 2 and first >= _NARROWEST else _NEARLY_FULL
    text = line = lines[0]
    for following in lines[1:]:
        inside = len(line) >= width or following[:1] in _CODE_SIGNS or line[-1:] == " "
        inside = inside or _CUT_CODE.search(f"{line[-5:]}\n{following[:9]}") is not None
        line = following
        text += ("\r" if inside else "\n") + line
    return text


def _evenly_cut(body: str, ends: int) -> bool:
    """Whether every line but the last is 65 characters long (or the first less, by the four of the tag)."""
    marks = "\n" * ends
    return ends > 0 and marks in (body[_FIRST_END::_LINE_AND_END], body[SWIFT_LINE::_LINE_AND_END])


def unwrap(body: str) -> str:
    """Lines as one text, see `mark_line_ends`."""
    return mark_line_ends(body).replace("\r", "").replace("\n", " ")


def pieces(marked: str) -> tuple[str, ...]:
    r"""The lines of a marked text that are not blank, as the bank wrote them.

    >>> pieces("INV 47\r11\nINV 12")
    ('INV 47', '11', 'INV 12')
    """
    if "\n" in marked:
        return tuple(filter(str.strip, marked.replace("\r", "\n").split("\n")))
    return tuple(filter(str.strip, marked.split("\r")))


def joined(marked: str) -> str:
    r"""A marked text as one line, runs of blanks made one.

    >>> joined("INV 47\r11\nINV   12 ")
    'INV 4711 INV 12'
    """
    if "\r" in marked:
        marked = marked.replace("\r", "")
    return " ".join(marked.split()) if "  " in marked or "\n" in marked or "\t" in marked else marked.strip()


def given(text: str | None) -> str | None:
    """The reference itself, None where the bank only says that there is none.

    >>> given("NOTPROVIDED"), given(" INV-1 ")
    (None, 'INV-1')
    """
    if text is None:
        return None
    text = text.strip()
    if text[-1:].isdigit() or len(text) > _NOT_GIVEN_LENGTH:
        return text
    return None if text.replace(" ", "").upper() in _NOT_GIVEN else text


def account(text: str | None) -> str | None:
    """An account number without blanks; zeros alone are no account.

    >>> account("DE89 3704 0044 0532 0130 00"), account("0000000000")
    ('DE89370400440532013000', None)
    """
    if text is None:
        return None
    compact = text if text.isalnum() else "".join(text.split())
    return compact if compact.strip("0-./") else None


def is_iban(text: str) -> bool:
    """Whether shape and check digits are those of an IBAN (ISO 13616).

    >>> is_iban("DE89370400440532013000"), is_iban("DE88370400440532013000")
    (True, False)
    """
    if not _IBAN.fullmatch(text):
        return False
    turned = text[4:] + text[:4]
    return int("".join(str(int(letter, 36)) for letter in turned)) % 97 == 1


def is_bic(text: str) -> bool:
    """Whether the text has the shape of a BIC (ISO 9362)."""
    return _BIC.fullmatch(text) is not None


def money(text: str) -> tuple[str, Decimal] | None:
    """Currency and amount of a text such as ``EUR11,85``; None when it is something else.

    >>> money("USD2853,12")
    ('USD', Decimal('2853.12'))
    """
    found = _MONEY.match(text.strip())
    if found is None:
        return None
    return found.group(1), Decimal(found.group(2).replace(",", "."))


_SUPPLEMENT = re.compile(r"/(OCMT|CHGS|EXCH)/([^/]*)/?")


def read_original_amounts(texts: list[str], draft: DetailDraft) -> None:
    """Original amount, rate and charges from the second line of field 61, ``/OCMT/EUR11,85//CHGS/EUR0,50/``."""
    for code, text in _SUPPLEMENT.findall("".join(texts)):
        set_original_amount(draft, code, text)


def set_original_amount(draft: DetailDraft, code: str, text: str) -> None:
    """One of OCMT (amount before exchange, unsigned), CHGS (charges, a cost to us), EXCH (rate), if readable."""
    if code == "EXCH":
        rate = re.search(r"[0-9]+(?:[,.][0-9]+)?", text)
        if rate and len(rate.group()) <= 20:
            draft.exchange_rate = Decimal(rate.group().replace(",", "."))
        return
    found = money(text)
    if found is None:
        return
    if code == "OCMT":
        draft.instructed_currency, draft.instructed_amount = found
    else:
        draft.charges += (Charge(amount=-found[1], currency=found[0], bearer=None),)
