"""Cuts the entries out of the XML as it streams by, so that a parser sees only what stands around them.

An entry is nine tenths of a statement file. It is proved to be well-formed by one parser and read as text; the tree
that another parser builds holds an empty placeholder in its place, which says where the entry stands.
"""

import re
from collections.abc import Iterator

_TOKEN = re.compile(
    rb"<!--|<!\[CDATA\[|<\?|<(?P<end>/)?(?:[^<>/\s:!?]+:)?Ntry(?:\s(?:[^<>\"']|\"[^\"]*\"|'[^']*')*|/)?>"
)
_ENDS = {b"<!--": b"-->", b"<![CDATA[": b"]]>", b"<?": b"?>"}
_ANY_ENTRY_TAG = re.compile(rb"Ntry[\s/>]")
_OPENING, _CLOSING = b"<Ntry>", b"</Ntry>"


Cut = tuple[bytes, bytes, int]
"""Some bytes that stand around entries, the entry behind them (empty where there is none), and where both end, in
bytes from the beginning of the XML document."""


class EntryCutter:
    """Takes the pieces of one XML document and gives back what is around the entries, and the entries, in order."""

    def __init__(self) -> None:
        self._offset = 0
        self._depth = 0
        self._parts: list[bytes] = []  # of an entry that goes on in the next piece
        self._awaited = b""

    def cut(self, piece: bytes) -> list[Cut]:
        """The cuts that the piece completes."""
        plain = self._plain(piece) if not self._awaited else None
        cuts = plain if plain is not None else self._careful(piece)
        self._offset += len(piece)
        return cuts

    def _plain(self, piece: bytes) -> list[Cut] | None:
        """The usual case: neither comment nor CDATA, no prefix, no attribute, no entry within another; else None."""
        if (b"!" in piece and b"<!" in piece) or (b"?" in piece and b"<?" in piece) or self._depth > 1:
            return None
        opened = piece.count(_OPENING)
        if len(_ANY_ENTRY_TAG.findall(piece)) != opened + piece.count(_CLOSING):
            return None
        cuts: list[Cut] = []
        at = 0
        if self._depth:
            at = piece.find(_CLOSING) + len(_CLOSING)
            if at < len(_CLOSING) and not opened:
                self._parts.append(piece)
                return []
            if at < len(_CLOSING) or 0 <= piece.find(_OPENING) < at:
                return None
            cuts.append((b"", b"".join([*self._parts, piece[:at]]), self._offset + at))
        around, *entries = piece[at:].split(_OPENING)
        at += self._offset + len(around)
        parts: list[bytes] = []
        for number, each in enumerate(entries, 1):
            entry, closing, after = each.partition(_CLOSING)
            if closing:
                at += len(_OPENING) + len(each)
                cuts.append((around, _OPENING + entry + closing, at - len(after)))
                around = after
            elif number == len(entries):
                parts.append(_OPENING + each)
            else:
                return None
        if around:
            cuts.append((around, b"", at))
        self._parts, self._depth = parts, len(parts)
        return cuts

    def _careful(self, piece: bytes) -> list[Cut]:
        """Every case, tag by tag."""
        cuts: list[Cut] = []
        done = 0
        for token in self._tokens(piece):
            if token.group("end"):
                if not self._depth:
                    continue  # closes nothing: the proof refuses it
                self._depth -= 1
            else:
                if not self._depth:
                    if token.start() > done:
                        cuts.append((piece[done : token.start()], b"", self._offset + token.start()))
                    done = token.start()
                self._depth += not token.group().endswith(b"/>")
            if not self._depth:
                entry = b"".join([*self._parts, piece[done : token.end()]])
                cuts.append((b"", entry, self._offset + token.end()))
                self._parts, done = [], token.end()
        if self._depth:
            self._parts.append(piece[done:])
        elif done < len(piece):
            cuts.append((piece[done:], b"", self._offset + len(piece)))
        return cuts

    def _tokens(self, piece: bytes) -> Iterator[re.Match[bytes]]:
        """The tags of entries that are no text in a comment, a CDATA section or an instruction."""
        at = 0
        while True:
            if self._awaited:
                end = piece.find(self._awaited, at)
                if end < 0:
                    return
                at, self._awaited = end + len(self._awaited), b""
            token = _TOKEN.search(piece, at)
            if token is None:
                return
            at = token.end()
            self._awaited = _ENDS.get(token.group(), b"")
            if not self._awaited:
                yield token
