"""What the banks make of the bookings: one statement per account and day, balances chained, in three formats."""

import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta
from xml.sax.saxutils import escape

from demo_company.payments import Entry
from demo_company.world import BANK_DAYS, HOUSES, House

BICS = {
    "ABNA": "ABNANL2A",
    "RABO": "RABONL2U",
    "INGB": "INGBNL2A",
    "TRIO": "TRIONL2U",
    "KNAB": "KNABNL2H",
    "37040044": "COBADEFFXXX",
    "50010517": "INGDDEFFXXX",
    "20050550": "HASPDEHHXXX",
    "70150000": "SSKMDEMMXXX",
}


@dataclass(frozen=True, kw_only=True)
class Day:
    """One account on one bank day: the statement's number, both balances, what was booked."""

    house: House
    number: int
    day: date
    opening: int
    closing: int
    booked: list[Entry]


def statement_files(entries: list[Entry]) -> dict[str, bytes]:
    """File name -> content of every statement; gives each entry its bank reference on the way."""
    files = {}
    for house in HOUSES.values():
        balance = house.opening
        for place, day in enumerate(BANK_DAYS):
            booked = [entry for entry in entries if entry.house == house.key and entry.day == day]
            _give_references(house, day, booked)
            closing = balance + sum(entry.amount for entry in booked)
            write, ending = _FORMATS[house.key]
            statement = Day(house=house, number=211 + place, day=day, opening=balance, closing=closing, booked=booked)
            content = write(statement)
            files[f"{house.key.lower()}-{day:%Y-%m-%d}.{ending}"] = content
            balance = closing
    return files


def _give_references(house: House, day: date, booked: list[Entry]) -> None:
    for place, entry in enumerate(booked, start=1):
        entry.bank_reference = f"{house.key}{day:%y%m%d}{place:06d}"
        for part, detail in enumerate(entry.details, start=1):
            detail.bank_reference = f"{entry.bank_reference}{part:02d}"


def _ascii(text: str) -> str:
    """Text as an old banking system prints it."""
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()


def _comma(minor: int) -> str:
    return f"{abs(minor) // 100},{abs(minor) % 100:02d}"


def _mark(minor: int) -> str:
    return "D" if minor < 0 else "C"


def _wrapped(text: str, width: int = 65) -> list[str]:
    return [text[start : start + width] for start in range(0, len(text), width)]


def _previous_bank_day(day: date) -> date:
    earlier = [one for one in BANK_DAYS if one < day]
    return earlier[-1] if earlier else day - timedelta(days=3)


# -- MT940 as ING writes it in the Netherlands -------------------------------------------------------------------

_ING_CODES = {"transfer": "TRF", "fee": "CHG", "interest": "INT", "supplier": "TRF"}
_TRCD = {"transfer": "00100", "fee": "00800", "interest": "00700", "supplier": "00200"}


def _ing(statement: Day) -> bytes:
    """MT940 with ING's /CODE/ fields in :86: and a /SUM/ at the end."""
    lines = [
        "{1:F01INGBNL2ABXXX0000000000}",
        "{2:I940INGBNL2AXXXN}",
        "{4:",
        f":20:P{statement.day:%y%m%d}000000001",
        f":25:{statement.house.account}{statement.house.currency}",
        f":28C:{statement.number:05d}",
        f":60F:{_mark(statement.opening)}{_previous_bank_day(statement.day):%y%m%d}EUR{_comma(statement.opening)}",
    ]
    for entry in statement.booked:
        booking = f"{statement.day:%y%m%d%m%d}{_mark(entry.amount)}{_comma(entry.amount)}N{_ING_CODES[entry.code]}"
        reference = "EREF" if entry.end_to_end else "NONREF"
        lines += [
            f":61:{booking}{reference}//{entry.bank_reference}",
            f"/TRCD/{_TRCD[entry.code]}/",
            *_wrapped(f":86:{_ing_text(entry)}"),
        ]
    debits = [entry.amount for entry in statement.booked if entry.amount < 0]
    incoming = [entry.amount for entry in statement.booked if entry.amount > 0]
    lines += [
        f":62F:{_mark(statement.closing)}{statement.day:%y%m%d}EUR{_comma(statement.closing)}",
        f":64:{_mark(statement.closing)}{statement.day:%y%m%d}EUR{_comma(statement.closing)}",
        f":86:/SUM/{len(debits)}/{len(incoming)}/{_comma(sum(debits))}/{_comma(sum(incoming))}/",
        "-}",
        "",
    ]
    return "\r\n".join(lines).encode("ascii")


def _ing_text(entry: Entry) -> str:
    text = f"/EREF/{entry.end_to_end}/" if entry.end_to_end else ""
    if entry.account:
        text += f"/CNTP/{entry.account}/{_bic(entry.account)}/{_ascii(entry.payer)}//"
    elif entry.payer:
        text += f"/CNTP////{_ascii(entry.payer)}//"
    if entry.reference:
        return f"{text}/REMI/STRD/ISO/{entry.reference}/"
    return f"{text}/REMI/USTD//{_ascii(entry.text)}/"


def _bic(account: str) -> str:
    return BICS.get(account[4:8]) or BICS.get(account[4:12], "")


# -- MT940 as German banks write it ------------------------------------------------------------------------------

_GVC = {"transfer": "166", "fee": "808", "return": "109", "supplier": "116"}
_GVC_TEXT = {"166": "SEPA-UEBERWEISUNG", "808": "ENTGELTE", "109": "SEPA-LASTSCHR. RETOURE", "116": "SEPA-UEBERWEISUNG"}


def _gvc(statement: Day) -> bytes:
    """MT940 with the German business transaction codes and ?nn subfields of 27 characters in :86:."""
    lines = [
        "",
        f":20:STARTUMS{statement.day:%y%m%d}",
        f":25:{statement.house.account}",
        f":28C:{statement.number:05d}/001",
        f":60F:{_mark(statement.opening)}{_previous_bank_day(statement.day):%y%m%d}EUR{_comma(statement.opening)}",
    ]
    for entry in statement.booked:
        code = _GVC[entry.code]
        lines.append(
            f":61:{statement.day:%y%m%d}{statement.day:%m%d}{_mark(entry.amount)}R{_comma(entry.amount)}N{code}NONREF//{entry.bank_reference}"
        )
        lines += _wrapped(f":86:{_gvc_text(entry, code)}")
    lines += [f":62F:{_mark(statement.closing)}{statement.day:%y%m%d}EUR{_comma(statement.closing)}", "-", ""]
    return "\r\n".join(lines).encode("latin-1")


def _gvc_text(entry: Entry, code: str) -> str:
    purpose = "".join(
        [
            f"EREF+{entry.original_end_to_end or entry.end_to_end} "
            if entry.end_to_end or entry.original_end_to_end
            else "",
            f"MREF+{entry.mandate} " if entry.mandate else "",
            f"SVWZ+{entry.reference or entry.text}",
        ]
    )
    pieces = _wrapped(purpose.replace("?", ""), 27)
    fields = [f"?{20 + place}{piece}" for place, piece in enumerate(pieces[:10])]
    text = f"{code}?00{_GVC_TEXT[code]}?109251{''.join(fields)}"
    if entry.account:
        text += f"?30{_bic(entry.account)}?31{entry.account}"
    names = _wrapped(entry.payer, 27)[:2]
    return text + "".join(f"?{32 + place}{name}" for place, name in enumerate(names))


# -- CAMT.053 ----------------------------------------------------------------------------------------------------

_DOMAIN = {
    "transfer": ("RCDT", "ESCT"),
    "supplier": ("ICDT", "ESCT"),
    "collection": ("IDDT", "ESDD"),
    "return": ("IDDT", "UPDD"),
    "fee": ("MDOP", "CHRG"),
}


def _camt(statement: Day) -> bytes:
    """CAMT.053.001.08, one statement."""
    name = f"KBC{statement.day:%Y%m%d}{statement.number}"
    head = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">'
        f"<BkToCstmrStmt>\n<GrpHdr><MsgId>{name}</MsgId><CreDtTm>{statement.day}T23:10:00</CreDtTm></GrpHdr>\n"
        f"<Stmt><Id>{name}</Id>"
        f"<ElctrncSeqNb>{statement.number}</ElctrncSeqNb><CreDtTm>{statement.day}T23:10:00</CreDtTm>"
        f"<FrToDt><FrDtTm>{statement.day}T00:00:00</FrDtTm><ToDtTm>{statement.day}T23:59:59</ToDtTm></FrToDt>"
        f"<Acct><Id><IBAN>{statement.house.account}</IBAN></Id><Ccy>EUR</Ccy>"
        "<Ownr><Nm>Halvemaan Handel B.V.</Nm></Ownr></Acct>\n"
        + _camt_balance("OPBD", statement.opening, statement.day)
        + _camt_balance("CLBD", statement.closing, statement.day)
    )
    body = "".join(_camt_entry(entry) for entry in statement.booked)
    return (head + body + "</Stmt>\n</BkToCstmrStmt></Document>\n").encode()


def _camt_balance(code: str, minor: int, day: date) -> str:
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>{_camt_amount(minor)}{_direction(minor)}"
        f"<Dt><Dt>{day}</Dt></Dt></Bal>\n"
    )


def _camt_amount(minor: int) -> str:
    return f'<Amt Ccy="EUR">{abs(minor) // 100}.{abs(minor) % 100:02d}</Amt>'


def _direction(minor: int) -> str:
    return f"<CdtDbtInd>{'DBIT' if minor < 0 else 'CRDT'}</CdtDbtInd>"


def _camt_entry(entry: Entry) -> str:
    domain = "ACMT" if entry.code == "fee" else "PMNT"
    family, sub = ("ICDT", "ESCT") if entry.code == "transfer" and entry.amount < 0 else _DOMAIN[entry.code]
    details = entry.details or [entry]
    batch = f"<Btch><NbOfTxs>{len(details)}</NbOfTxs></Btch>" if entry.details else ""
    return (
        f"<Ntry>{_camt_amount(entry.amount)}{_direction(entry.amount)}<Sts><Cd>BOOK</Cd></Sts>"
        f"<BookgDt><Dt>{entry.day}</Dt></BookgDt><ValDt><Dt>{entry.day}</Dt></ValDt>"
        f"<AcctSvcrRef>{entry.bank_reference}</AcctSvcrRef>"
        f"<BkTxCd><Domn><Cd>{domain}</Cd><Fmly><Cd>{family}</Cd><SubFmlyCd>{sub}</SubFmlyCd></Fmly></Domn></BkTxCd>"
        f"<NtryDtls>{batch}{''.join(_camt_detail(detail) for detail in details)}</NtryDtls></Ntry>\n"
    )


def _camt_detail(entry: Entry) -> str:
    party, account = ("Dbtr", "DbtrAcct") if (entry.amount > 0) != (entry.code == "return") else ("Cdtr", "CdtrAcct")
    names = f"<{party}><Pty><Nm>{escape(entry.payer)}</Nm></Pty></{party}>" if entry.payer else ""
    names += f"<{account}><Id><IBAN>{entry.account}</IBAN></Id></{account}>" if entry.account else ""
    mandate = f"<MndtId>{entry.mandate}</MndtId>" if entry.mandate else ""
    back = (
        f"<RtrInf><OrgnlBkTxCd><Prtry><Cd>ESDD</Cd></Prtry></OrgnlBkTxCd><Rsn><Cd>{entry.return_reason}</Cd></Rsn></RtrInf>"
        if entry.return_reason
        else ""
    )
    return (
        f"<TxDtls><Refs><AcctSvcrRef>{entry.bank_reference}</AcctSvcrRef>"
        f"<EndToEndId>{entry.original_end_to_end or entry.end_to_end or 'NOTPROVIDED'}</EndToEndId>{mandate}</Refs>"
        f"{_camt_amount(entry.amount)}{_direction(entry.amount)}"
        f"{f'<RltdPties>{names}</RltdPties>' if names else ''}<RmtInf>{_camt_remittance(entry)}</RmtInf>{back}</TxDtls>"
    )


def _camt_remittance(entry: Entry) -> str:
    if entry.documents:
        return "".join(
            f"<Strd><RfrdDocInf><Tp><CdOrPrtry><Cd>CINV</Cd></CdOrPrtry></Tp><Nb>{part.item.number}</Nb></RfrdDocInf>"
            f'<RfrdDocAmt><RmtdAmt Ccy="EUR">{part.cash // 100}.{part.cash % 100:02d}</RmtdAmt></RfrdDocAmt></Strd>'
            for part in entry.documents
        )
    if entry.reference:
        issuer = "<Issr>BBA</Issr>" if entry.reference.startswith("+++") else ""
        reference = "".join(character for character in entry.reference if character.isalnum())
        return (
            f"<Strd><CdtrRefInf><Tp><CdOrPrtry><Cd>SCOR</Cd></CdOrPrtry>{issuer}</Tp><Ref>{reference}</Ref>"
            "</CdtrRefInf></Strd>"
        )
    return f"<Ustrd>{escape(entry.text)}</Ustrd>"


# -- OFX ---------------------------------------------------------------------------------------------------------

_TRNTYPE = {"transfer": "CREDIT", "fee": "SRVCHG", "interest": "INT", "supplier": "PAYMENT"}


def _ofx(statement: Day) -> bytes:
    """OFX 1.0.2 (SGML), which states the closing balance only."""
    moment = f"{statement.day:%Y%m%d}230000[0:GMT]"
    rows = "".join(
        f"<STMTTRN><TRNTYPE>{_TRNTYPE[entry.code]}<DTPOSTED>{statement.day:%Y%m%d}120000[0:GMT]<TRNAMT>{_point(entry.amount)}"
        f"<FITID>{entry.bank_reference}<NAME>{escape(_ascii(entry.payer).upper()[:32]) or 'BANK'}"
        f"<MEMO>{escape(_ascii(entry.reference or entry.text))}</STMTTRN>\r\n"
        for entry in statement.booked
    )
    head = (
        "OFXHEADER:100\r\nDATA:OFXSGML\r\nVERSION:102\r\nSECURITY:NONE\r\nENCODING:USASCII\r\nCHARSET:1252\r\n"
        "COMPRESSION:NONE\r\nOLDFILEUID:NONE\r\nNEWFILEUID:NONE\r\n\r\n"
    )
    body = (
        f"<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>0<SEVERITY>INFO</STATUS><DTSERVER>{moment}<LANGUAGE>ENG</SONRS>"
        f"</SIGNONMSGSRSV1>\r\n<BANKMSGSRSV1><STMTTRNRS><TRNUID>{statement.number}<STATUS><CODE>0<SEVERITY>INFO</STATUS><STMTRS>"
        f"<CURDEF>GBP<BANKACCTFROM><BANKID>{statement.house.account[8:14]}<ACCTID>{statement.house.account[14:]}<ACCTTYPE>CHECKING</BANKACCTFROM>\r\n"
        f"<BANKTRANLIST><DTSTART>{statement.day:%Y%m%d}<DTEND>{moment}\r\n{rows}</BANKTRANLIST>\r\n"
        f"<LEDGERBAL><BALAMT>{_point(statement.closing)}<DTASOF>{moment}</LEDGERBAL></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>\r\n"
    )
    return (head + body).encode("ascii")


def _point(minor: int) -> str:
    return f"{'-' if minor < 0 else ''}{abs(minor) // 100}.{abs(minor) % 100:02d}"


_FORMATS = {"NL": (_ing, "sta"), "DE": (_gvc, "sta"), "BE": (_camt, "xml"), "GB": (_ofx, "ofx")}
