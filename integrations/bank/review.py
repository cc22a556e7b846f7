"""Looks over a reader's shoulder while a file streams by, the same for every format."""

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import BinaryIO

from integrations.bank import second_opinion
from integrations.bank.detect import FormatFamily
from integrations.bank.trust import DeliveredStatement, delivered, joined
from matching.model.bank_statement import BankEntry, FileFacts, Finding, Quarantined, ReadEvent, StatementEnd

_ACCOUNTS_REMEMBERED = 10_000


class Review:
    """One file under review: holds amounts up to the limit of the second opinion, and one statement per account."""

    def __init__(self, source: BinaryIO, family: FormatFamily, *, second_opinion_entries: int) -> None:
        self._source = source
        self._family = family
        self._limit = second_opinion_entries if family in {"mt940", "ofx"} else 0
        self._amounts: Counter[Decimal] = Counter()
        self._entries = 0
        self._quarantined = 0
        self._statements = 0
        self._last: dict[tuple[str | None, str | None], DeliveredStatement] = {}
        self._breaks: list[Finding] = []

    def note(self, event: ReadEvent) -> None:
        """Take in what the reader says."""
        if isinstance(event, BankEntry):
            self._entries += 1
            if self._entries <= self._limit:
                self._amounts[event.amount] += 1
        elif isinstance(event, Quarantined):
            self._quarantined += 1
        elif isinstance(event, StatementEnd):
            self._statements += 1
            self._chain(delivered(event, f"statement {self._statements}"))

    def findings(self, facts: FileFacts) -> Iterator[Finding]:
        """What there is to say at the end of the file."""
        yield from self._breaks
        accounted = self._entries + self._quarantined
        if facts.entries_in_file != accounted:
            yield Finding(
                severity="error",
                code="entries_unaccounted",
                where="",
                message=f"the file holds {facts.entries_in_file} entries but {accounted} were read or set aside; "
                "book nothing from it and report the file",
            )
        if not self._statements and not accounted:
            message = "the file holds no statement of a bank account, so nothing is taken in from it"
            yield Finding(severity="info", code="no_statement", where="", message=message)
        different = self._second_opinion()
        if different is not None:
            yield different

    def _chain(self, statement: DeliveredStatement) -> None:
        """Statements of one account in one file have to join, as delivered."""
        header = statement.header
        if header.kind != "final" or len(self._last) > _ACCOUNTS_REMEMBERED:
            return
        earlier = self._last.get((header.account, header.currency))
        self._last[header.account, header.currency] = statement
        if earlier is not None and len(self._breaks) < 1_000:
            self._breaks.extend(joined(earlier, statement))

    def _second_opinion(self) -> Finding | None:
        if not 0 < self._entries <= self._limit or self._family not in {"mt940", "ofx"}:
            return None
        self._source.seek(0)
        raw = self._source.read(second_opinion.most_bytes(self._entries) + 1)
        opinion = second_opinion.ask(raw, "mt940" if self._family == "mt940" else "ofx", self._entries)
        return (
            None if opinion is None else second_opinion.compare(opinion, self._amounts, quarantined=self._quarantined)
        )
