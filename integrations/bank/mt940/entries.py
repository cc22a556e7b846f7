"""Entries in batches: first what field 61 says, then the texts, dialect by dialect, then the entries in file order.

A file of many banks' texts is read nearly as fast as one bank's this way, and each step is a short loop.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from integrations.bank.drafts import DetailDraft, EntryDraft, seal_details, seal_entry
from integrations.bank.mt940.dialects import SURE, Dialect, recognise
from integrations.bank.mt940.entry_line import EntryLine, UnreadableEntryError, read_entry_lines
from integrations.bank.mt940.party_labels import labelled_name
from integrations.bank.mt940.remarks import Remarks, read_original_amounts
from integrations.bank.mt940.statement import StatementInProgress
from integrations.bank.mt940.tokenizer import Run
from matching.model.bank_statement import BankEntry, EntryStatus, Finding, Quarantined, Severity

_HARMLESS = frozenset({"decimal_mark_missing", "mark_in_lower_case"})

_CODED = re.compile(r"\s*(?:/[A-Z0-9]+/|(?:[0-9]{3})?[^0-9A-Za-z\s][0-9]{2})")
# Codes of the bank in front, and how many blanks make running text of what follows (`/PT/DE/EI/ACH CREDIT ACME ...`).
_LEADING_CODES = re.compile(r"^(?:/[A-Z0-9]{1,9})+/")
_MORE_CODES = re.compile(r"/[A-Z]{2,5}/")
_RUNNING_TEXT = 2
# Status, and whether the booking undoes another one.
_MARKS: Mapping[str, tuple[EntryStatus, bool]] = {
    f"{expected}{undone}{side}": ("pending" if expected else "booked", bool(undone))
    for expected in ("", "E")
    for undone in ("", "R")
    for side in ("C", "D")
}

EntryEvent = BankEntry | Quarantined | Finding


class EntryReader:
    """Reads the entries of one file, batch by batch, and counts which dialects their texts are written in."""

    def __init__(self, forced: Dialect | None) -> None:
        self.dialects: Counter[str] = Counter()
        self._forced = forced
        self._likely: dict[str, Dialect] = {}  # by first character

    def read(
        self, run: Run, statement: StatementInProgress, currency: str | None, notes: Sequence[str] = ()
    ) -> Iterator[EntryEvent]:
        """Every entry of the run as a `BankEntry` or `Quarantined`, in order, each behind what was found about it.

        ``notes`` are lines of remittance from outside field 86; they belong to the first entry.
        """
        try:
            lines = read_entry_lines(run.lines, currency)
        except UnreadableEntryError as problem:
            if len(run.texts) == 1:
                statement.quarantined_count += 1
                yield _quarantined(run, problem)
            else:  # find out which one it is
                for at in range(len(run.texts)):
                    yield from self.read(run.alone(at), statement, currency)
            return
        remarks = list(map(Remarks, run.texts, lines))
        drafts = [DetailDraft(line.amount, currency, line.bank_reference) for line in lines]
        places = self._by_dialect(remarks)
        if run.remarks != ():
            for dialect, among in places.items():
                self.dialects[dialect.NAME] += len(among)
        codes, failed = _read_texts(places, remarks, drafts)
        if notes:
            drafts[0].remittance_lines += tuple(notes)
            drafts[0].remittance = " ".join([drafts[0].remittance, *notes]).strip()
        details = seal_details(drafts)
        ordinal = statement.add(lines)
        for number, line, detail, own_code in zip(run.numbers, lines, details, codes, strict=True):
            where = f"line {number}"
            if line.remarks:
                yield from _said(line, where)
            if failed and (trouble := failed.get(id(line))):
                yield _not_taken_apart(trouble, where)
            status, reversal = _MARKS[line.mark]
            code = line.type_code
            if own_code:
                code = f"{code}/{own_code}" if code else own_code
            yield seal_entry(
                EntryDraft(
                    ordinal,
                    line.entry_date,
                    line.value_date,
                    line.amount,
                    currency,
                    status,
                    reversal,
                    line.bank_reference,
                    line.reference,
                    code,
                    (detail,),
                    where,
                )
            )
            ordinal += 1

    def _by_dialect(self, remarks: Sequence[Remarks]) -> dict[Dialect, list[int]]:
        """The places of the texts that are written in each dialect."""
        if self._forced:
            return {self._forced: list(range(len(remarks)))}
        places: defaultdict[Dialect, list[int]] = defaultdict(list)
        likely = self._likely
        for at, one in enumerate(remarks):
            first = one.text[:1]
            dialect = likely.get(first)
            if dialect is None or dialect.score(one) < SURE:
                likely[first] = dialect = recognise(one)
            places[dialect].append(at)
        return places


def _read_texts(
    places: Mapping[Dialect, Sequence[int]], remarks: Sequence[Remarks], drafts: list[DetailDraft]
) -> tuple[list[str | None], dict[int, Exception]]:
    """Let each dialect fill the drafts of its texts.

    Returns the banks' own transaction codes in the order of the drafts, and what went wrong by the id of its line.
    """
    codes: list[str | None] = [None] * len(drafts)
    failed: dict[int, Exception] = {}
    for dialect, among in places.items():
        read = dialect.read
        for at in among:
            one, draft = remarks[at], drafts[at]
            try:
                codes[at] = read(one, draft)
                if not draft.remittance and _says_nothing(one.text, draft):
                    draft = drafts[at] = _untouched(one, draft)
                    running = _LEADING_CODES.sub("", one.marked.replace("\r", ""))
                    draft.counterparty_name = labelled_name(running, received=not draft.amount.is_signed())
                if one.line.supplementary:
                    read_original_amounts(one.line.supplementary, draft)
            except (ValueError, ArithmeticError, LookupError, TypeError) as trouble:
                # A dialect that fails on a text it was not made for costs that text's meaning, never the entry.
                failed[id(one.line)] = trouble
                drafts[at] = _untouched(one, draft)
    return codes, failed


def _says_nothing(text: str, draft: DetailDraft) -> bool:
    """Whether a dialect found nothing at all in running text, which is better whole than lost.

    Codes and sub-fields alone (the bank's batch numbers) are no text that anybody wrote.
    """
    found = (draft.counterparty_name, draft.counterparty_account, draft.end_to_end_id, draft.ultimate_name)
    if any(found) or draft.structured_references or draft.mandate_id:
        return False
    if not _CODED.match(text):
        return True
    running = _LEADING_CODES.sub("", text)
    return text[:1] == "/" and running.count(" ") >= _RUNNING_TEXT and not _MORE_CODES.search(running)


def _untouched(remarks: Remarks, draft: DetailDraft) -> DetailDraft:
    """A draft whose texts are all remittance."""
    fresh = DetailDraft(draft.amount, draft.currency, draft.bank_reference)
    fresh.remittance_lines = tuple(part for part in remarks.lines if part.strip())
    fresh.remittance = " ".join(fresh.remittance_lines)
    return fresh


def _not_taken_apart(trouble: Exception, where: str) -> Finding:
    message = f"the texts of this entry could not be taken apart ({trouble!r}); they are all kept as remittance"
    return Finding(severity="warning", code="dialect_failed", where=where, message=message)


def _said(line: EntryLine, where: str) -> Iterator[Finding]:
    for code, message in line.remarks:
        severity: Severity = "info" if code in _HARMLESS else "warning"
        yield Finding(severity=severity, code=code, where=where, message=message)


def _quarantined(run: Run, problem: UnreadableEntryError) -> Quarantined:
    return Quarantined(where=f"line {run.numbers[0]}", raw=run.raw(0), code=problem.code, message=str(problem))
