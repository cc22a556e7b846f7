"""What a payment is for: free text, structured references, and the documents the payer names with their amounts."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple

from integrations.bank.camt.fields import AdjustmentFields, DocumentFields, StructuredFields, TypedAmountFields
from integrations.bank.camt.shapes import Shape
from integrations.bank.camt.values import parse_amount, parse_day
from integrations.bank.drafts import DetailDraft
from matching.model.bank_statement import Adjustment, ReferredDocument, StructuredReference

_LINE_LIMIT = 140  # ISO 20022 Max140Text: a line of this length was cut there, not ended there
# ISO 20022 external code set DocumentAmountType: discounts by agreement, by volume and for paying early.
_DISCOUNTS: Final = ("APDS", "STDS", "TMDS")


def read_remittance(shape: Shape[Any], texts: Sequence[str], fallback: str, draft: DetailDraft) -> None:
    """Fill in the joined free text, its lines, structured references and documents of a transaction.

    The bank's own text about the transaction, and the fallback after it, stand in only where the payer said nothing.
    """
    lines = shape.texts("lines", texts)
    structured = shape.groups.get("structured") if shape.groups else None
    if structured:
        lines += _read_structured(structured, texts, draft)
    if not lines and not draft.structured_references and not draft.documents:
        lines = shape.texts("additional", texts) or ([fallback] if fallback else [])
    if any("\n" in line for line in lines):
        lines = [" ".join(line.split()) for line in lines]  # a line end inside a text was put there with the indent
    draft.remittance = join_lines(lines)
    draft.remittance_lines = tuple(lines)


def _read_structured(structured: Sequence[Shape[Any]], texts: Sequence[str], draft: DetailDraft) -> list[str]:
    """Fill in references and documents; returns the free text beside them."""
    lines: list[str] = []
    references: list[StructuredReference] = []
    documents: list[ReferredDocument] = []
    for part in structured:
        fields: StructuredFields = part.record(texts)
        reference = _reference(fields)
        if reference is not None:
            references.append(reference)
        documents.extend(_documents(part, fields, texts))
        lines += part.texts("lines", texts)
    draft.structured_references = tuple(references)
    draft.documents = tuple(documents)
    return lines


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
    """The documents of one structured remittance.

    Amounts that stand with a document's lines are its own; those of the remittance as a whole belong to its only
    document, else to none by name.
    """
    amounts = _Amounts.of(part, texts, [fields.due], [fields.remitted], [fields.credit_note])
    adjustments = tuple(
        adjustment for each in part.groups.get("adjustments", ()) if (adjustment := _adjustment(each.record(texts)))
    )
    documents = [
        _document(each.record(texts), _line_amounts(each, texts), ())
        for each in part.groups.get("documents", ())
        if any(each.record(texts))
    ]
    if not any(amounts) and not adjustments:
        return documents
    if len(documents) != 1:
        return [*documents, _document(None, amounts, adjustments)]
    (only,) = [each.record(texts) for each in part.groups["documents"] if any(each.record(texts))]
    return [_document(only, amounts, adjustments)]


class _Amounts(NamedTuple):
    """What a payer says of a document; None where nothing is said."""

    due: Decimal | None
    remitted: Decimal | None
    credit_note: Decimal | None
    discount: Decimal | None

    @classmethod
    def of(
        cls, part: Shape[Any], texts: Sequence[str], due: list[str], remitted: list[str], credit_note: list[str]
    ) -> "_Amounts":
        """Sums of what is given by name and by type."""
        discount = part.texts("discounts", texts)
        by_type = {"DUPA": due, "REMI": remitted, "CREN": credit_note} | dict.fromkeys(_DISCOUNTS, discount)
        for each in part.groups.get("typed", ()):
            amount: TypedAmountFields = each.record(texts)
            by_type.get(amount.type, []).append(amount.amount)
        return cls(_total(due), _total(remitted), _total(credit_note), _total(discount))


def _line_amounts(document: Shape[Any], texts: Sequence[str]) -> _Amounts:
    """What is said with the lines of a document, added up."""
    named = [document.texts(name, texts) for name in ("due", "remitted", "credit_note")]
    return _Amounts.of(document, texts, *named)


def _total(amounts: Sequence[str]) -> Decimal | None:
    """The amounts that are given, added up; None where there is none."""
    given = [amount for text in amounts if (amount := _optional(text)) is not None]
    return sum(given, Decimal(0)) if given else None


def _document(
    fields: DocumentFields | None, amounts: _Amounts, adjustments: tuple[Adjustment, ...]
) -> ReferredDocument:
    kind = (fields.type_code or fields.type_proprietary or None) if fields else None
    return ReferredDocument(
        type=kind,
        number=(fields.number or None) if fields else None,
        date=parse_day(fields.date) if fields else None,
        due_amount=amounts.due,
        remitted_amount=_remitted(kind, amounts.remitted, amounts.credit_note),
        discount_amount=amounts.discount,
        adjustments=adjustments,
    )


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
