"""Which format a file is in, from its first bytes and never from its name.

Banks send `.txt`, `.dat`, `.xml.p7m` and nothing at all; the content is what can be trusted. What is no statement is
refused by the name of what it is, with the way to a file that can be read.
"""

import re
from typing import Literal

from integrations.bank.errors import NotAStatement

FormatFamily = Literal["mt940", "camt", "ofx", "zip"]

HEAD_BYTES = 65_536
"""How much of the beginning is looked at: envelopes and message headers fit into it many times over."""

_BLANK = b" \t\r\n\x00\x0b\x0c\x1a"
_ENTITY_OFX = re.compile(rb"&(?:lt|#60|#x3c);(?:\?OFX|OFX|SIGNONMSGSRSV1)\b", re.IGNORECASE)
_OFX = re.compile(
    rb"OFXHEADER\s*[:=]|<\?OFX\b|<\s*OFX\s*>|<(?:BANKTRANLIST|CCSTMTRS|STMTRS|STMTTRN|SIGNONMSGSRSV1)\s*>",
    re.IGNORECASE,
)
_CAMT = re.compile(rb"<(?:[\w.-]+:)?BkToCstmr(?:AcctRpt|Stmt|DbtCdtNtfctn)\b|[:.]camt\.05[234]\.|\bcamt\.05[234]\b")
_MT_FIELD = re.compile(
    rb"(?:^|[\r\n]|\{4:|\})[ \t]*:(?:20|21|25P?|28C?|60[FM]|61|62[FM]|64|65|86|NS|13D|34F|90[CD]|9[45]0):"
)
_MT_ENVELOPE = re.compile(rb"\{1:[FA]\d\d[A-Z0-9]{8,12}.{0,80}?\{2:[IO]9[45][02]", re.DOTALL)
_XML_ROOT = re.compile(rb"<([A-Za-z_][\w.:-]*)[\s/>]")
_PAIN_OR_OTHER = re.compile(rb"\b((?:pain|pacs|camt|acmt|auth)\.\d{3}\.\d{3}\.\d{2})\b")
_DELIMITED = re.compile(rb"^[^\r\n]*?(?:[;,\t|])[^\r\n]*?(?:[;,\t|])[^\r\n]*$", re.MULTILINE)

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "a PDF; ask the bank for the same statement as CAMT.053 or MT940"),
    (b"\x1f\x8b", "compressed with gzip; unpack it first"),
    (b"BZh", "compressed with bzip2; unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive; unpack it first, or pack it as an ordinary zip"),
    (b"Rar!", "a RAR archive; unpack it first, or pack it as an ordinary zip"),
    (b"\xd0\xcf\x11\xe0", "an old Office document (Excel or Word); ask the bank for CAMT.053, MT940 or OFX"),
    (b"-----BEGIN", "encrypted or signed (PEM); decrypt it first"),
    (b"{\\rtf", "a Rich Text document; ask the bank for CAMT.053, MT940 or OFX"),
)


def detect(head: bytes, name: str) -> FormatFamily:
    r"""The family of formats whose reader understands the file that begins with these bytes.

    ``name`` only appears in the refusal. Raises NotAStatement, naming what the file is instead.

    >>> detect(b"\xef\xbb\xbf:20:STARTUMSE\r\n:25:10020030/1234567", "a")
    'mt940'
    >>> detect(b"OFXHEADER:100\nDATA:OFXSGML", "b"), detect(b"<?xml version='1.0'?><x:BkToCstmrStmt/>", "c")
    ('ofx', 'camt')
    >>> detect(b"!Type:Bank\nD01/02/26", "umsatz.qif")
    Traceback (most recent call last):
    integrations.bank.errors.NotAStatement: umsatz.qif is a QIF file, which ... ask the bank for OFX, MT940 or CAMT.053
    """
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return "zip"
    for magic, what in _MAGIC:
        if head.startswith(magic):
            raise NotAStatement(f"{name} is {what}")
    plain = as_single_bytes(head)
    if not plain:
        raise NotAStatement(f"{name} is empty; fetch it from the bank again")
    family = _family(plain)
    if family is None:
        raise NotAStatement(f"{name} is {_what_it_is(plain)}")
    return family


def as_single_bytes(head: bytes) -> bytes:
    r"""The head with one byte per character of ASCII, without byte order mark and leading blanks.

    >>> as_single_bytes(b"\xff\xfe:\x002\x000\x00:\x00")
    b':20:'
    """
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        even = head[: len(head) - len(head) % 2]
        head = even.decode("utf-16", "replace").encode("utf-8", "replace")
    elif head[1:2] == b"\x00" != head[:1] and head[3:4] == b"\x00":
        head = head.replace(b"\x00", b"")  # two bytes for each character, without the mark that says so
    elif head[:1] == b"\x00" != head[1:2] and head[2:3] == b"\x00":
        head = head.replace(b"\x00", b"")
    return head.removeprefix(b"\xef\xbb\xbf").lstrip(_BLANK)


def _family(head: bytes) -> FormatFamily | None:
    """The first format whose marks stand in the head; the earliest mark wins where a text quotes another format."""
    marks: list[tuple[int, FormatFamily]] = []
    patterns: tuple[tuple[re.Pattern[bytes], FormatFamily], ...] = (
        (_CAMT, "camt"),
        (_OFX, "ofx"),
        (_ENTITY_OFX, "ofx"),
        (_MT_FIELD, "mt940"),
        (_MT_ENVELOPE, "mt940"),
    )
    for pattern, family in patterns:
        found = pattern.search(head)
        if found:
            marks.append((found.start(), family))
    return min(marks)[1] if marks else None


def _what_it_is(head: bytes) -> str:
    """What a file that is no statement is, and what to do; the end of a sentence that begins with its name."""
    upper = head[:4096].upper()
    if b"<OFC>" in upper or b"OFCHEADER" in upper:
        return "an OFC file, the format before OFX, which carries too little to be trusted; ask the bank for OFX"
    if upper.startswith((b"!TYPE:", b"!ACCOUNT", b"!OPTION", b"!CLEAR")):
        return "a QIF file, which names neither account nor currency; ask the bank for OFX, MT940 or CAMT.053"
    if upper.startswith((b"<!DOCTYPE HTML", b"<HTML")):
        return "a web page, perhaps the bank's login page; download the statement again"
    message = _PAIN_OR_OTHER.search(head)
    if message:
        kind = message.group(1).decode("ascii")
        return f"an ISO 20022 message of type {kind}, no statement; statements are camt.052, camt.053 and camt.054"
    root = _XML_ROOT.search(head) if head.startswith(b"<") else None
    if root:
        return f"an XML document <{root.group(1).decode('ascii')}>, no statement in CAMT.052/053/054 or OFX"
    return _what_text_it_is(head)


def _what_text_it_is(head: bytes) -> str:
    if head.startswith((b"{", b"[")) and re.match(rb"[{\[]\s*[\"{\[\]}]", head):
        return "JSON, no bank statement; ask the bank for CAMT.053, MT940 or OFX"
    if b"\x00" in head or sum(byte < 9 for byte in head[:2048]) > 3:
        return "no text and no zip, so no bank statement; fetch it from the bank again"
    if len(_DELIMITED.findall(head[:8192])) >= 2:
        return "a CSV table, whose columns differ from bank to bank; ask the bank for CAMT.053, MT940 or OFX"
    return "no bank statement in MT940, MT942, CAMT.052/053/054 or OFX"
