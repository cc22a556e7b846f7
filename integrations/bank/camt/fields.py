"""Where CAMT keeps what we read: the paths of every version from v01 to v14, by local name.

Source: ISO 20022 message definitions camt.052, camt.053 and camt.054. Names moved between versions (`BIC` became
`BICFI`, parties got a `Pty` around them, a status a `Cd` inside it); all forms are accepted everywhere, because banks
mix them. A field that is not there reads as an empty text.
"""

from typing import NamedTuple

from integrations.bank.camt.shapes import Grammar


class ChargeFields(NamedTuple):
    """One charge: `Chrgs` up to v03, `Chrgs/Rcrd` since."""

    amount: str
    indicator: str
    bearer: str
    total: str


class DocumentFields(NamedTuple):
    """One referred document: `RfrdDocInf`."""

    type_code: str
    type_proprietary: str
    number: str
    date: str


class TypedAmountFields(NamedTuple):
    """An amount with its type: `RmtAmtAndTp`, which newer versions have in place of `DuePyblAmt` and its like."""

    amount: str
    type: str


class AdjustmentFields(NamedTuple):
    """A deduction or addition the payer names: `AdjstmntAmtAndRsn`."""

    amount: str
    indicator: str
    reason: str
    text: str


class StructuredFields(NamedTuple):
    """One structured remittance: `Strd`."""

    due: str
    credit_note: str
    remitted: str
    reference_code: str
    reference_proprietary: str
    reference_issuer: str
    reference: str


class DetailFields(NamedTuple):
    """One transaction: `TxDtls`."""

    bank_reference: str
    end_to_end_id: str
    mandate_id: str
    original_end_to_end_id: str
    amount: str
    indicator: str
    instructed: str
    transaction_amount: str
    counter_value: str
    announced: str
    rate_transaction: str
    rate_counter_value: str
    rate_instructed: str
    rate_announced: str
    domain: str
    family: str
    sub_family: str
    proprietary: str
    debtor_name: str
    debtor_account: str
    debtor_bic: str
    ultimate_debtor_name: str
    creditor_name: str
    creditor_account: str
    creditor_bic: str
    ultimate_creditor_name: str
    settled_on: str
    return_code: str
    return_proprietary: str
    purpose: str


class EntryFields(NamedTuple):
    """One entry: `Ntry`."""

    amount: str
    indicator: str
    reversal: str
    status: str
    booked_on: str
    valued_on: str
    bank_reference: str
    entry_reference: str
    domain: str
    family: str
    sub_family: str
    proprietary: str
    additional: str
    instructed: str
    transaction_amount: str
    counter_value: str
    rate_transaction: str
    rate_counter_value: str
    rate_instructed: str


def _party(role: str, field: str) -> dict[str, str]:
    """The name of a party, who may be a person, a company, a bank or, last, only the owner of a named account."""
    base = f"RltdPties/{role}"
    return {
        f"{base}/Nm": field,
        f"{base}/Pty/Nm": field,
        f"{base}/Agt/FinInstnId/Nm": field,
        f"{base}/Agt/FinInstnId/NmAndAdr/Nm": field,
        f"{base}Acct/Nm": field,
    }


def _account(role: str, field: str) -> dict[str, str]:
    """An account number: IBAN or one of the ways to give another."""
    base = f"RltdPties/{role}/Id"
    return {f"{base}/{way}": field for way in ("IBAN", "Othr/Id", "PrtryAcct/Id", "BBAN", "UPIC")}


def _bic(role: str, field: str) -> dict[str, str]:
    base = f"RltdAgts/{role}/FinInstnId"
    return {f"{base}/{way}": field for way in ("BIC", "BICFI", "CmbndId/BIC")}


def _amounts(entry: bool) -> dict[str, str]:  # noqa: FBT001 - a table, not an interface
    paths = {}
    for element, amount, rate in (
        ("InstdAmt", "instructed", "rate_instructed"),
        ("TxAmt", "transaction_amount", "rate_transaction"),
        ("CntrValAmt", "counter_value", "rate_counter_value"),
        ("AnncdPstngAmt", "announced", "rate_announced"),
    ):
        if not (entry and element == "AnncdPstngAmt"):
            paths[f"AmtDtls/{element}/Amt"] = amount
            paths[f"AmtDtls/{element}/CcyXchg/XchgRate"] = rate
    return paths


_CODE = {
    "BkTxCd/Domn/Cd": "domain",
    "BkTxCd/Domn/Fmly/Cd": "family",
    "BkTxCd/Domn/Fmly/SubFmlyCd": "sub_family",
    "BkTxCd/Prtry/Cd": "proprietary",
}

_RECORDED_CHARGE = Grammar(
    record=ChargeFields,
    fields={"Amt": "amount", "CdtDbtInd": "indicator", "Br": "bearer"},
)
CHARGES = Grammar(
    record=ChargeFields,
    fields={"Amt": "amount", "CdtDbtInd": "indicator", "Br": "bearer", "TtlChrgsAndTaxAmt": "total"},
    groups={"Rcrd": ("records", _RECORDED_CHARGE)},
)
_TYPED_AMOUNT = Grammar(record=TypedAmountFields, fields={"Amt": "amount", "Tp/Cd": "type", "Tp/Prtry": "type"})
_DOCUMENT = Grammar(
    record=DocumentFields,
    fields={
        "Tp/CdOrPrtry/Cd": "type_code",
        "Tp/CdOrPrtry/Prtry": "type_proprietary",
        "RfrdDocTp/Cd": "type_code",
        "RfrdDocTp/Prtry": "type_proprietary",
        "Nb": "number",
        "RfrdDocNb": "number",
        "RltdDt": "date",
        "RltdDt/Dt": "date",
    },
    lists={
        "LineDtls/Amt/DuePyblAmt": "due",
        "LineDtls/Amt/RmtdAmt": "remitted",
        "LineDtls/Amt/CdtNoteAmt": "credit_note",
        "LineDtls/Amt/DscntApldAmt": "discounts",
        "LineDtls/Amt/DscntApldAmt/Amt": "discounts",
    },
    groups={
        "LineDtls/Amt/RmtAmtAndTp": ("typed", _TYPED_AMOUNT),
    },
)
_ADJUSTMENT = Grammar(
    record=AdjustmentFields,
    fields={"Amt": "amount", "CdtDbtInd": "indicator", "Rsn": "reason", "AddtlInf": "text"},
)
STRUCTURED = Grammar(
    record=StructuredFields,
    fields={
        "RfrdDocAmt/DuePyblAmt": "due",
        "RfrdDocAmt/CdtNoteAmt": "credit_note",
        "RfrdDocAmt/RmtdAmt": "remitted",
        "CdtrRefInf/Tp/CdOrPrtry/Cd": "reference_code",
        "CdtrRefInf/Tp/CdOrPrtry/Prtry": "reference_proprietary",
        "CdtrRefInf/CdtrRefTp/Cd": "reference_code",
        "CdtrRefInf/CdtrRefTp/Prtry": "reference_proprietary",
        "CdtrRefInf/Tp/Issr": "reference_issuer",
        "CdtrRefInf/Ref": "reference",
        "CdtrRefInf/CdtrRef": "reference",
    },
    lists={
        "AddtlRmtInf": "lines",
        "RfrdDocAmt/DscntApldAmt": "discounts",
        "RfrdDocAmt/DscntApldAmt/Amt": "discounts",
    },
    groups={
        "RfrdDocInf": ("documents", _DOCUMENT),
        "RfrdDocAmt/AdjstmntAmtAndRsn": ("adjustments", _ADJUSTMENT),
        "RfrdDocAmt/RmtAmtAndTp": ("typed", _TYPED_AMOUNT),
    },
)

DETAIL = Grammar(
    record=DetailFields,
    fields={
        "Refs/AcctSvcrRef": "bank_reference",
        "Refs/EndToEndId": "end_to_end_id",
        "Refs/MndtId": "mandate_id",
        "RtrInf/OrgnlEndToEndId": "original_end_to_end_id",
        "RtrInf/OrgnlTxRef/EndToEndId": "original_end_to_end_id",
        "Refs/OrgnlEndToEndId": "original_end_to_end_id",
        "Amt": "amount",
        "CdtDbtInd": "indicator",
        **_amounts(entry=False),
        **_CODE,
        **_party("Dbtr", "debtor_name"),
        **_account("DbtrAcct", "debtor_account"),
        **_bic("DbtrAgt", "debtor_bic"),
        **_party("UltmtDbtr", "ultimate_debtor_name"),
        **_party("Cdtr", "creditor_name"),
        **_account("CdtrAcct", "creditor_account"),
        **_bic("CdtrAgt", "creditor_bic"),
        **_party("UltmtCdtr", "ultimate_creditor_name"),
        "RltdDts/IntrBkSttlmDt": "settled_on",
        "RtrInf/Rsn/Cd": "return_code",
        "RtrInf/Rsn/Prtry": "return_proprietary",
        "RtrInf/RtrRsn/Cd": "return_code",
        "RtrInf/RtrRsn/Prtry": "return_proprietary",
        "Purp/Cd": "purpose",
        "Purp/Prtry": "purpose",
    },
    lists={"RmtInf/Ustrd": "lines", "AddtlTxInf": "additional"},
    groups={"RmtInf/Strd": ("structured", STRUCTURED), "Chrgs": ("charges", CHARGES)},
)

ENTRY = Grammar(
    record=EntryFields,
    fields={
        "Amt": "amount",
        "CdtDbtInd": "indicator",
        "RvslInd": "reversal",
        "Sts": "status",
        "Sts/Cd": "status",
        "Sts/Prtry": "status",
        "BookgDt/Dt": "booked_on",
        "BookgDt/DtTm": "booked_on",
        "BookgDt": "booked_on",
        "ValDt/Dt": "valued_on",
        "ValDt/DtTm": "valued_on",
        "ValDt": "valued_on",
        "AcctSvcrRef": "bank_reference",
        "NtryRef": "entry_reference",
        **_CODE,
        "AddtlNtryInf": "additional",
        **_amounts(entry=True),
    },
    lists={"NtryDtls/Btch/NbOfTxs": "batch_counts", "Btch/NbOfTxs": "batch_counts"},
    groups={
        "Chrgs": ("charges", CHARGES),
        "NtryDtls/TxDtls": ("transactions", DETAIL),
        "TxDtls": ("transactions", DETAIL),
    },
)
