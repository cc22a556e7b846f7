"""Puts open cases where the ERP's own people see them: a note on item or customer, kept up to date, never repeated."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from integrations.config.settings import CompanySettings
from integrations.erp.errors import ErpError, RateLimited, Unsupported
from integrations.erp.protocol import Capabilities, Connector, Note, NoteTarget
from integrations.ledger.errors import NotFound
from integrations.ledger.port import Ledger
from integrations.ledger.records import CaseState, CaseSummary
from integrations.services.context import Run
from integrations.services.money_text import day_text, money_text

_DONE: tuple[CaseState, ...] = ("cleared", "sent", "confirmed")
_CLOSED = "closed"
_CURSOR = "note:"


@dataclass(slots=True)
class NotesReport:
    """How many notes were written or closed, and in words what could not be."""

    written: int = 0
    closed: int = 0
    messages: list[str] = field(default_factory=list)


def put_notes(company: CompanySettings, ledger: Ledger, connector: Connector, run: Run) -> NotesReport:
    """Write a note for every open case that the ERP has a place for, and close those of cases that are done.

    Only what changed since the last time is sent. A note that fails is said and tried again the next time; it never
    holds up the night.
    """
    report = NotesReport()
    capabilities = connector.capabilities
    if not (capabilities.notes_on_item or capabilities.notes_on_customer):
        return report
    # What the ERP shows of us, by case: the cases of old, whose notes are closed, are not looked at again.
    shown = ledger.cursors(company.name, _CURSOR, without=_CLOSED)
    try:
        for case in ledger.all_open_exceptions(company.name):
            before, target = shown.pop(case.case_id, ""), _target(case, capabilities)
            if target is not None and _put(
                company.name, ledger, connector, run, case, _note(case), target, report, before
            ):
                report.written += 1
        for case in _finished(company.name, ledger, shown):
            target = _target(case, capabilities)
            note = Note(key=case.case_id, summary=f"{case.case_id} is cleared", text="", closed=True)
            if target is not None and _put(
                company.name, ledger, connector, run, case, note, target, report, shown[case.case_id]
            ):
                report.closed += 1
    except (RateLimited, Unsupported) as error:
        report.messages.append(str(error))
    return report


def _put(  # noqa: PLR0917 - what, where to, and who keeps account of it
    name: str,
    ledger: Ledger,
    connector: Connector,
    run: Run,
    case: CaseSummary,
    note: Note,
    target: NoteTarget,
    report: NotesReport,
    before: str,
) -> bool:
    mark = (
        _CLOSED if note.closed else hashlib.sha256(f"{note.summary}\n{note.text}\n{target}".encode()).hexdigest()[:16]
    )
    if before == mark:
        return False
    try:
        connector.put_note(target, note)
    except (RateLimited, Unsupported):
        raise
    except ErpError as error:
        report.messages.append(f"note of {case.case_id}: {error}")
        return False
    ledger.save_cursor(
        name, f"{_CURSOR}{case.case_id}", mark, change=run.change("connector", type(connector).__name__, "note")
    )
    return True


def _finished(name: str, ledger: Ledger, case_ids: Iterable[str]) -> Iterator[CaseSummary]:
    """Of these cases those that are done; what was erased meanwhile is left out."""
    for case_id in sorted(case_ids):
        try:
            case = ledger.case(name, case_id)
        except NotFound:
            continue
        if case.state in _DONE:
            yield case


def _target(case: CaseSummary, capabilities: Capabilities) -> NoteTarget | None:
    """The item that the best suggestion names, else the customer; none where the ERP has no place for it."""
    best = case.suggestions[0] if case.suggestions else None
    if best and best.allocations and capabilities.notes_on_item:
        return NoteTarget(item_id=best.allocations[0].item_id)
    customer = case.customer_id or (best.customer_id if best else "")
    if customer and capabilities.notes_on_customer:
        return NoteTarget(customer_id=customer)
    return None


def _note(case: CaseSummary) -> Note:
    payment = case.payment
    amount = money_text(case.unallocated, payment.currency)
    lines = [
        f"{amount} booked {day_text(payment.booked_on)} on {payment.account}, bank reference {payment.bank_reference}",
        f"from {payment.payer_name or 'an unnamed payer'}: {payment.remittance or 'no text'}",
        case.why,
    ]
    lines += [f"{place}. {each.why}" for place, each in enumerate(case.suggestions, start=1)]
    summary = f"Payment {case.case_id} needs a decision: {amount}, {case.kind.replace('_', ' ')}"
    return Note(key=case.case_id, summary=summary, text="\n".join(lines))
