"""Turns the elements that the XML parser completes into the events of a statement."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from integrations.bank.camt.checks import Tally, statement_end
from integrations.bank.camt.entry import EntryReader, Place, UnreadableEntry
from integrations.bank.camt.header import (
    KIND_OF_STATEMENT,
    Element,
    Page,
    StatementFacts,
    local_name,
    page_of,
    statement_facts,
)
from integrations.bank.camt.raw import RAW_TEXT_LIMIT, entries_within
from matching.model.bank_statement import Quarantined, ReadEvent, StatementFormat, StatementStart

_EMPTIED_LOT = 200  # emptied entries are taken out of the tree in lots of this size
_ENTRY_TAG = re.compile(r"Ntry[\s/>]")
_VERSION = re.compile(r"camt\.05[234]\.[0-9]{3}\.[0-9]{2}")
_MESSAGES: Final[dict[str, StatementFormat]] = {
    "BkToCstmrAcctRpt": "camt.052",
    "BkToCstmrStmt": "camt.053",
    "BkToCstmrDbtCdtNtfctn": "camt.054",
}
_FORMATS: Final[dict[str, StatementFormat]] = {"Rpt": "camt.052", "Stmt": "camt.053", "Ntfctn": "camt.054"}


class StatementsReader:
    """The statements of one file, as their elements come in."""

    def __init__(self) -> None:
        self.entries_seen = 0
        self.is_camt = False
        self.format: StatementFormat = "camt.053"
        self.version: str | None = None
        self._entries = EntryReader()
        self._names: dict[object, str] = {}
        self._open: _OpenStatement | None = None
        self._counts: Counter[str] = Counter()
        self._message_page: Page | None = None
        self._emptied: list[Element] = []
        self._stray = 0

    @property
    def where(self) -> str:
        """Where the reading stands."""
        return self._open.place.statement if self._open else ""

    def next_place(self) -> str:
        """Where the entry stands that the parser does not reach; counts it."""
        if self._open is None:
            self._stray += 1
            return f"Ntry[{self._stray}]"
        self._open.tally.quarantine()
        return self._open.place.step()

    def read(self, element: Element, entries: Sequence[str]) -> Iterator[ReadEvent]:
        """The events that a completed element brings; ``entries`` is the XML of the row of `Ntry` it stands for."""
        tag = element.tag
        name = self._names.get(tag)
        if name is None:
            name = self._names[tag] = local_name(element)
        return self._row(element, entries) if name == "Ntry" else self._around(element, name)

    def _around(self, element: Element, name: str) -> Iterator[ReadEvent]:
        if name in KIND_OF_STATEMENT:
            if self._open is None or self._open.element is not element:
                yield from self.end()
                self._begin(element)
            yield from self.end()
            self._empty(element)
        elif name == "Acct":
            statement = element.getparent()
            if statement is not None and local_name(statement) in KIND_OF_STATEMENT:
                yield from self._in(statement)
        elif name == "GrpHdr":
            self._message_begins(element.getparent())
            self._message_page = page_of(element, "MsgPgntn")
        elif self.version is None:
            named = _VERSION.search(element.text or "")
            self.version = named.group() if named else None

    def end(self, *, damaged: bool = False) -> Iterator[ReadEvent]:
        """End the statement at hand, if there is one."""
        statement, self._open = self._open, None
        if statement is not None:
            facts = self._facts(statement)
            yield from statement.start(facts)
            yield from statement_end(statement.place.statement, facts, statement.tally, damaged=damaged)

    # -- Entries -----------------------------------------------------------------------------------------------

    def _row(self, element: Element, entries: Sequence[str]) -> Iterator[ReadEvent]:
        parent = element.getparent()
        self._empty(element)
        for xml in entries:
            yield from self._entry(parent, xml)

    def _entry(self, parent: Element | None, xml: str) -> list[ReadEvent]:
        self.entries_seen += 1
        events: list[ReadEvent] = []
        if self._open is None or parent is not self._open.element:
            if parent is None or local_name(parent) not in KIND_OF_STATEMENT:
                return [self._misplaced(xml), *self._within(xml)]
            events += self._in(parent)
        statement = self._open
        assert statement is not None
        if statement.facts is None:
            events += statement.start(self._facts(statement))
        where = statement.place.step()
        try:
            read = self._entries.read(xml, statement.place, where)
        except UnreadableEntry as trouble:
            statement.tally.quarantine()
            events.append(_quarantined(where, xml, trouble.code, str(trouble)))
        else:
            statement.tally.add(read.entry)
            events.append(read.entry)
            events += read.findings
            for flaw in read.flaws:
                statement.tally.flaw(flaw, where)
        if _ENTRY_TAG.search(xml, len("<Ntry>"), len(xml) - len("</Ntry>")):
            events += self._within(xml)
        return events

    def _within(self, xml: str) -> list[Quarantined]:
        """Entries within an entry: they cannot be told from its details, so a person must look at them."""
        within = [self._misplaced(inner) for inner in entries_within(xml)]
        self.entries_seen += len(within)
        return within

    def _misplaced(self, xml: str) -> Quarantined:
        message = "the entry stands where none may stand; look it up with the bank and book it by hand"
        return _quarantined(self.next_place(), xml, "misplaced_entry", message)

    # -- The statement around it -------------------------------------------------------------------------------

    def _in(self, element: Element) -> Iterator[ReadEvent]:
        """Make this statement the one at hand."""
        if self._open is None or self._open.element is not element:
            yield from self.end()
            self._begin(element)

    def _begin(self, element: Element) -> None:
        name = local_name(element)
        self._counts[name] += 1
        self._open = _OpenStatement(element, f"{name}[{self._counts[name]}]")
        self._message_begins(element.getparent(), element)

    def _message_begins(self, message: Element | None, statement: Element | None = None) -> None:
        """Take format and version from the message around, whatever envelope it came in."""
        known = _MESSAGES.get(re.sub(r"V[0-9]+$", "", local_name(message))) if message is not None else None
        if statement is not None:
            known = known or _FORMATS[local_name(statement)]
        if known is None:
            return
        if not self.is_camt:
            self.is_camt, self.format = True, known
        inner = statement if statement is not None else message
        tag = inner.tag if inner is not None else ""
        named = _VERSION.search(tag if isinstance(tag, str) else "")
        if named and self.version is None:
            self.version = named.group()

    def _facts(self, statement: "_OpenStatement") -> StatementFacts:
        return statement_facts(statement.element, self._message_page, statement.tally.currency)

    def _empty(self, element: Element) -> None:
        """Let go of an element's content at once, and of the element when the parser is well past it."""
        element.clear()
        self._emptied.append(element)
        if len(self._emptied) >= _EMPTIED_LOT:
            last = self._emptied.pop()
            for done in self._emptied:
                parent = done.getparent()
                if parent is not None:
                    parent.remove(done)
            self._emptied = [last]


class _OpenStatement:
    """The statement whose entries are being read."""

    def __init__(self, element: Element, where: str) -> None:
        self.element = element
        self.facts: StatementFacts | None = None
        self.tally = Tally()
        self.place = Place(where)

    def start(self, facts: StatementFacts) -> Iterator[ReadEvent]:
        """The beginning of the statement, once."""
        if self.facts is None:
            self.facts = facts
            self.place.own_account = facts.header.account
            self.place.own_name = facts.header.account_owner
            self.place.currency = facts.header.currency
            self.place.fallback_day = facts.day
            yield StatementStart(header=facts.header)


def _quarantined(where: str, xml: str, code: str, message: str) -> Quarantined:
    return Quarantined(where=where, raw=xml[:RAW_TEXT_LIMIT], code=code, message=message)
