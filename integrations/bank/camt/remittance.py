"""What a payment is for: free text, structured references, and the documents the payer names with their amounts."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from integrations.bank.camt.fields import AdjustmentFields, DocumentFields, StructuredFields
from integrations.bank.camt.shapes import Shape
from integrations.bank.camt.values import parse_amount, parse_day
from matching.model.bank_statement import Adjustment, ReferredDocument, StructuredReference

_LINE_LIMIT = 140  # ISO 20022 Max140Text: a line of this length was cut there, not ended there

Remittance = tuple[str, tuple[str, ...], tuple[StructuredReference, ...], tuple[ReferredDocument, ...]]


def remittance_of(shape: Shape[Any], texts: Sequence[str], fallback: str) -> Remittance:
    """Joined free text, its lines, structured references and documents of a transaction.

    The bank's own text about the transaction, and the fallback after it, stand in only where the payer said nothing.
    """
    lines = shape.texts("lines", texts)
    references: list[StructuredReference] = []
    documents: list[ReferredDocument] = []
    structured = shape.groups.get("structured", ()) if shape.groups else ()
    for part in structured:
        fields: StructuredFields = part.record(texts)
        reference = _reference(fields)
        if reference is not None:
            references.append(reference)
        documents.extend(_documents(part, fields, texts))
        lines += part.texts("lines", texts)
    if not lines and not references and not documents:
        lines = shape.texts("additional", texts) or ([fallback] if fallback else [])
    return join_lines(lines), tuple(lines), tuple(references), tuple(documents)


def join_lines(lines: Sequence[str]) -> str:
    """The lines as one text: with a blank between them, unless a line was cut at the standard's 140 characters.

    >>> join_lines(["INV 1", "INV 2"]), len(join_lines(["x" * 140, "y"]))
    ('INV 1 INV 2', 141)
    """
    if len(lines) < 2:
        return lines[0] if lines else ""
    parts = [line if len(line) == _LINE_LIMIT else f"{line} " for line in lines[:-1]]
    return "".join(parts) + lines[-1]


def _reference(fields: StructuredFields) -> StructuredReference | None:
    reference = "".join(fields.reference.split())
    if not reference:
        return None
    kind = fields.reference_code or fields.reference_proprietary
    if fields.reference_issuer.upper() == "BBA":
        # The Belgian banks' association: the bank writes SCOR, but the digits are a structured communication.
        return StructuredReference(type="OGM", reference="".join(filter(str.isdigit, reference)) or reference)
    if not kind:
        kind = "SCOR" if reference[:2].upper() == "RF" and reference[2:4].isdigit() else "unspecified"
    return StructuredReference(type=kind, reference=reference)


def _documents(part: Shape[Any], fields: StructuredFields, texts: Sequence[str]) -> list[ReferredDocument]:
    """The documents of one structured remittance; its amounts belong to its only document, else to none by name."""
    due, discount = _optional(fields.due), _optional(fields.discount)
    remitted, credit_note = _optional(fields.remitted), _optional(fields.credit_note)
    adjustments = tuple(
        adjustment for each in part.groups.get("adjustments", ()) if (adjustment := _adjustment(each.record(texts)))
    )
    has_amounts = any(amount is not None for amount in (due, discount, remitted, credit_note)) or bool(adjustments)
    named: list[DocumentFields] = [each.record(texts) for each in part.groups.get("documents", ())]
    named = [each for each in named if any(each)]
    documents = [
        ReferredDocument(
            type=each.type_code or each.type_proprietary or None,
            number=each.number or None,
            date=parse_day(each.date),
            due_amount=None,
            remitted_amount=None,
            discount_amount=None,
            adjustments=(),
        )
        for each in named
    ]
    if not has_amounts:
        return documents
    only = documents.pop() if len(documents) == 1 else None
    kind = only.type if only else None
    documents.append(
        ReferredDocument(
            type=kind,
            number=only.number if only else None,
            date=only.date if only else None,
            due_amount=due,
            remitted_amount=_remitted(kind, remitted, credit_note),
            discount_amount=discount,
            adjustments=adjustments,
        )
    )
    return documents


def _remitted(kind: str | None, remitted: Decimal | None, credit_note: Decimal | None) -> Decimal | None:
    """What is paid for the document; a credit note that is used lowers the payment and is negative."""
    if remitted is None:
        return -credit_note if credit_note is not None else None
    return -remitted if kind == "CREN" else remitted


def _adjustment(fields: AdjustmentFields) -> Adjustment | None:
    """A deduction is negative, an addition positive; without an indicator it is a deduction."""
    amount = _optional(fields.amount)
    if amount is None:
        return None
    reason = " ".join(text for text in (fields.reason, fields.text) if text)
    return Adjustment(amount=amount if fields.indicator == "CRDT" else -amount, reason=reason or None)


def _optional(text: str) -> Decimal | None:
    return parse_amount(text) if text else None
