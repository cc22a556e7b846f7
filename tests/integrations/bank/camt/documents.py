"""CAMT documents for tests, put together from the parts a case is about."""

import io

from integrations.bank.camt.reader import count_entries, read_events
from matching.model.bank_statement import (
    BankEntry,
    FileFacts,
    Finding,
    Quarantined,
    StatementEnd,
    StatementStart,
)

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"
ACCOUNT = "DE89370400440532013000"


def balance(kind, amount, *, indicator="CRDT", currency="EUR", day="2025-01-31"):
    said = f"<CdtDbtInd>{indicator}</CdtDbtInd>" if indicator else ""
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp><Amt Ccy='{currency}'>{amount}</Amt>{said}"
        f"<Dt><Dt>{day}</Dt></Dt></Bal>"
    )


def entry(amount="10.00", indicator="CRDT", *, status="<Sts><Cd>BOOK</Cd></Sts>", dates=None, more="", details=""):
    dates = "<BookgDt><Dt>2025-01-31</Dt></BookgDt><ValDt><Dt>2025-01-31</Dt></ValDt>" if dates is None else dates
    inside = f"<NtryDtls>{details}</NtryDtls>" if details else ""
    return f"<Ntry><Amt Ccy='EUR'>{amount}</Amt><CdtDbtInd>{indicator}</CdtDbtInd>{status}{dates}{more}{inside}</Ntry>"


def transaction(inside, *, amount="10.00", indicator="CRDT"):
    said = f"<CdtDbtInd>{indicator}</CdtDbtInd>" if indicator else ""
    own = f"<Amt Ccy='EUR'>{amount}</Amt>" if amount else ""
    return f"<TxDtls>{own}{said}{inside}</TxDtls>"


def statement(*parts, head="", account=f"<Acct><Id><IBAN>{ACCOUNT}</IBAN></Id><Ccy>EUR</Ccy></Acct>"):
    return f"<Stmt><Id>S1</Id>{head}{account}{''.join(parts)}</Stmt>"


def document(*statements, namespace=NAMESPACE, message="BkToCstmrStmt", group="<MsgId>M1</MsgId>"):
    declared = f" xmlns='{namespace}'" if namespace else ""
    return (
        f"<?xml version='1.0' encoding='UTF-8'?>\n<Document{declared}><{message}><GrpHdr>{group}</GrpHdr>"
        f"{''.join(statements)}</{message}></Document>"
    )


class Reading:
    """What a document reads as, with the law of counts checked on the way."""

    def __init__(self, data):
        raw = data if isinstance(data, bytes) else data.encode()
        self.events = list(read_events(io.BytesIO(raw)))
        self.entries = self._all(BankEntry)
        self.quarantined = self._all(Quarantined)
        self.findings = self._all(Finding)
        self.starts = [event.header for event in self._all(StatementStart)]
        self.ends = self._all(StatementEnd)
        self.facts = self.events[-1]
        assert isinstance(self.facts, FileFacts)
        counted = count_entries(io.BytesIO(raw))
        assert self.facts.entries_in_file == counted == len(self.entries) + len(self.quarantined)

    def _all(self, kind):
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def codes(self):
        return [finding.code for finding in self.findings]

    @property
    def entry(self):
        (only,) = self.entries
        return only

    @property
    def detail(self):
        (only,) = self.entry.details
        return only


def read(*parts, **around):
    """One statement with these parts, read."""
    return Reading(document(statement(*parts, **around)))


def read_transaction(inside, *, amount="10.00", indicator="CRDT", **entry_parts):
    """One entry with one transaction, read: its detail."""
    own = transaction(inside, amount=amount, indicator=indicator)
    return read(entry(amount or "10.00", indicator or "CRDT", details=own, **entry_parts)).detail
