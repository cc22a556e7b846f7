"""The XML of a statement file, proved well-formed and taken apart: the elements around the entries, and the entries.

Two parsers share the work. Expat proves every byte to be well-formed and builds nothing; lxml builds the tree of what
stands around the entries, with one empty placeholder for each row of them. Neither knows a DTD, an entity of its own
or a network.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Final
from xml.parsers import expat

from lxml import etree

from integrations.bank.camt.cutter import Cut, EntryCutter
from integrations.bank.camt.header import Element

_WATCHED: Final = tuple(f"{{*}}{name}" for name in ("Ntry", "Stmt", "Rpt", "Ntfctn", "GrpHdr", "Acct", "MsgDefIdr"))

XmlBroken = (expat.ExpatError, etree.XMLSyntaxError)
"""What is raised where the XML is not well-formed."""


def what_broke(trouble: Exception) -> str:
    """What is wrong with the XML, and where if that is a place in the file.

    The tree of what stands around the entries is shorter than the file: a place in it would mislead.
    """
    if isinstance(trouble, etree.XMLSyntaxError):
        return str(trouble.msg or "XML").partition(", line ")[0]
    return str(trouble)


Found = tuple[Element, Sequence[str]]
"""An element that is complete; if it is an entry, its XML and that of the entries which follow it directly."""

_PLAIN_ENTRY: Final = b"<Ntry>"
_PLAIN_PLACEHOLDER: Final = b"<Ntry cut-out=''/>"


class XmlDocument:
    """One XML document that comes in pieces of UTF-8."""

    def __init__(self) -> None:
        self._proof = expat.ParserCreate("utf-8")
        self._around = _parser()
        self._cutter = EntryCutter()
        self._unproved: deque[Cut] = deque()
        self._proved = 0
        self._rows: deque[list[bytes]] = deque()  # one for each placeholder

    def feed(self, piece: bytes) -> Iterator[Found]:
        """The elements that the piece completes. Raises one of XmlBroken."""
        self._unproved.extend(self._cutter.cut(piece))
        self._proof.Parse(piece)
        return self._found_up_to(self._proof.CurrentByteIndex)

    def close(self) -> Iterator[Found]:
        """The last elements, at the end of the document. Raises one of XmlBroken."""
        self._proof.Parse(b"", True)  # noqa: FBT003 - expat's own signature
        yield from self._found_up_to(self._proof.CurrentByteIndex)
        self._around.close()
        yield from self._elements()

    def rescue(self) -> Iterator[Found]:
        """After the XML broke: the elements that were complete before."""
        limit = self._proof.ErrorByteIndex
        try:
            yield from self._found_up_to(limit)
            if self._unproved and self._proved < limit:
                around, _, end = self._unproved[0]
                self._unproved[0] = around[: limit - self._proved], b"", min(end, limit)
                yield from self._found_up_to(limit)
        except etree.XMLSyntaxError:
            yield from self._elements()

    def _found_up_to(self, limit: int) -> Iterator[Found]:
        around: list[bytes] = []
        row: list[bytes] = []
        standing = b""  # the placeholder of the row
        while self._unproved and self._unproved[0][2] <= limit:
            before, entry, self._proved = self._unproved.popleft()
            placeholder = _placeholder(entry)
            if placeholder and placeholder == standing and (not before or before.isspace()):
                row.append(entry)
                continue
            around.append(before)
            if placeholder:
                row = [entry]
                self._rows.append(row)
                around.append(placeholder)
            standing = placeholder
        if around:
            self._around.feed(b"".join(around))
        return self._elements()

    def _elements(self) -> Iterator[Found]:
        for _, element in self._around.read_events():
            assert isinstance(element, etree._Element)
            if element.get("cut-out") is not None and self._rows:
                yield element, [entry.decode("utf-8", "replace") for entry in self._rows.popleft()]
            elif _is_entry(element):
                # An entry that was not cut out (its tag is longer than any we know) still stands in the tree.
                yield element, [etree.tostring(element, encoding="unicode", with_tail=False)]
            else:
                yield element, ()


def _placeholder(entry: bytes) -> bytes:
    """What stands in the tree for an entry; nothing for none."""
    if entry.startswith(_PLAIN_ENTRY):
        return _PLAIN_PLACEHOLDER
    return b"<" + entry[1 : entry.index(b"Ntry")] + b"Ntry cut-out=''/>" if entry else b""


def _is_entry(element: Element) -> bool:
    tag = element.tag
    return isinstance(tag, str) and tag.endswith("Ntry")


def _parser() -> etree.XMLPullParser:
    """A parser that trusts nothing: no DTD, no entity, no network, libxml2's limits on depth and size in force."""
    return etree.XMLPullParser(
        events=("end",),
        tag=_WATCHED,
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        no_network=True,
        huge_tree=False,
        recover=False,
        remove_comments=True,
        remove_pis=True,
        strip_cdata=True,
    )
