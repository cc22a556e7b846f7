"""What a statement says beside its entries: account, period, pages, balances and control totals."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from lxml import etree

from integrations.bank.camt.values import SIGN_OF_INDICATOR, account_number, is_true, parse_amount, parse_day
from matching.model.bank_statement import StatementHeader, StatementKind

Element = etree._Element  # lxml has no public name for the type

KIND_OF_STATEMENT: dict[str, StatementKind] = {"Stmt": "final", "Rpt": "interim", "Ntfctn": "notification"}


@dataclass(frozen=True, slots=True)
class Balance:
    """A balance with its type (OPBD, CLBD, ...), signed, credit positive."""

    type: str
    sub_type: str
    amount: Decimal
    currency: str | None
    day: date | None
    indicator_given: bool


@dataclass(frozen=True, slots=True)
class ControlTotal:
    """What the bank says its entries count and add up to: all of them, credits or debits."""

    scope: str
    count: int | None
    sum: Decimal | None
    net: Decimal | None


@dataclass(frozen=True, slots=True)
class StatementFacts:
    """Everything read from a statement's head and foot, before its entries are held against it."""

    header: StatementHeader
    balances: tuple[Balance, ...]
    unreadable_balances: tuple[str, ...]
    totals: tuple[ControlTotal, ...]
    day: date | None


@dataclass(frozen=True, slots=True)
class Page:
    """Which page of several this is; None where the bank does not say."""

    number: int | None
    last: bool | None


def local_name(element: Element) -> str:
    """The name without its namespace; empty for comments and their like."""
    tag = element.tag
    return tag.rpartition("}")[2].rpartition(":")[2] if isinstance(tag, str) else ""


def children(element: Element | None, name: str) -> Iterator[Element]:
    """The children of that local name."""
    if element is not None:
        for child in element:
            if local_name(child) == name:
                yield child


def find(element: Element | None, *path: str) -> Element | None:
    """The first element at the path of local names."""
    for name in path:
        element = next(children(element, name), None)
    return element


def text_at(element: Element | None, *path: str) -> str:
    """The text at the path of local names; empty where there is none."""
    found = find(element, *path)
    return "" if found is None else (found.text or "").strip()


def page_of(element: Element | None, name: str) -> Page | None:
    """The pagination below an element: MsgPgntn of the message, StmtPgntn of a statement."""
    pagination = find(element, name)
    if pagination is None:
        return None
    number, last = text_at(pagination, "PgNb"), text_at(pagination, "LastPgInd")
    return Page(number=_small_number(number), last=is_true(last) if last else None)


def _small_number(text: str) -> int | None:
    """A count or page number; None when it is none."""
    return int(text) if text.isdecimal() and text.isascii() and len(text) <= 15 else None


def statement_facts(statement: Element, message_page: Page | None, entry_currency: str | None) -> StatementFacts:
    """What stands in the statement so far; ``entry_currency`` is used where neither account nor balance has one."""
    kind = KIND_OF_STATEMENT[local_name(statement)]
    balances, unreadable = _balances(statement)
    page = page_of(statement, f"{local_name(statement)}Pgntn") or message_page or Page(number=None, last=None)
    account = find(statement, "Acct")
    opening, closing = opening_and_closing(balances, page, text_at(account, "Ccy"))
    currency = text_at(account, "Ccy") or next((each.currency for each in balances if each.currency), None)
    period = find(statement, "FrToDt")
    from_date, to_date = parse_day(text_at(period, "FrDtTm")), parse_day(text_at(period, "ToDtTm"))
    closed_on = closing.day if closing else None
    header = StatementHeader(
        account=_account(account),
        account_owner=text_at(account, "Ownr", "Nm")
        or text_at(account, "Ownr", "Pty", "Nm")
        or text_at(account, "Nm")
        or None,
        currency=currency or entry_currency,
        kind=kind,
        statement_id=text_at(statement, "Id") or None,
        sequence=text_at(statement, "ElctrncSeqNb") or text_at(statement, "LglSeqNb") or None,
        page=page.number,
        last_page=page.last,
        from_date=from_date,
        to_date=to_date,
        opening=opening.amount if opening else None,
        closing=closing.amount if closing else None,
    )
    any_day = next((each.day for each in reversed(balances) if each.day), None)
    return StatementFacts(
        header=header,
        balances=balances,
        unreadable_balances=unreadable,
        totals=tuple(_totals(find(statement, "TxsSummry"))),
        day=to_date or from_date or closed_on or any_day or parse_day(text_at(statement, "CreDtTm")),
    )


def _account(account: Element | None) -> str | None:
    identification = find(account, "Id")
    for path in (("IBAN",), ("Othr", "Id"), ("PrtryAcct", "Id"), ("BBAN",), ("UPIC",)):
        number = account_number(text_at(identification, *path))
        if number:
            return number
    return None


# -- Balances --------------------------------------------------------------------------------------------------


def opening_and_closing(
    balances: Sequence[Balance], page: Page, currency: str = ""
) -> tuple[Balance | None, Balance | None]:
    """The balance before the first entry and after the last one; None where the statement has none.

    OPBD (or PRCD, the closing balance before) and CLBD; on the pages of a longer statement ITBD takes the place of
    the one that stands on another page. Available balances (CLAV, FWAV) say nothing about bookings. Where a bank tells
    a balance in a second currency too, the one in the account's own counts.
    """
    opening = _first(balances, "OPBD", currency) or _first(balances, "PRCD", currency)
    closing = _first(balances[::-1], "CLBD", currency)
    between = [each for each in balances if each.type == "ITBD"]
    if opening is None and between and page.number is not None and page.number > 1:
        opening = between.pop(0)
    if closing is None and between and page.last is not True:
        closing = between[-1]
    return opening, closing


def _first(balances: Sequence[Balance], kind: str, currency: str) -> Balance | None:
    found = [each for each in balances if each.type == kind]
    return next((each for each in found if each.currency == currency), found[0] if found else None)


def _balances(statement: Element) -> tuple[tuple[Balance, ...], tuple[str, ...]]:
    balances = []
    unreadable = []
    for element in children(statement, "Bal"):
        code = find(element, "Tp", "CdOrPrtry")
        kind = text_at(code, "Cd") or text_at(code, "Prtry") or text_at(element, "Tp", "Cd")
        amount = parse_amount(text_at(element, "Amt"))
        indicator = text_at(element, "CdtDbtInd")
        if amount is None or (indicator and indicator not in SIGN_OF_INDICATOR):
            unreadable.append(kind or "without type")
            continue
        amount_element = find(element, "Amt")
        currency = amount_element.get("Ccy") if amount_element is not None else None
        balances.append(
            Balance(
                type=kind,
                sub_type=text_at(element, "Tp", "SubTp", "Cd"),
                amount=amount * SIGN_OF_INDICATOR.get(indicator, 1),
                currency=(currency or "").strip() or None,
                day=parse_day(text_at(element, "Dt", "Dt") or text_at(element, "Dt", "DtTm") or text_at(element, "Dt")),
                indicator_given=bool(indicator),
            )
        )
    return tuple(balances), tuple(unreadable)


# -- Control totals --------------------------------------------------------------------------------------------


def _totals(summary: Element | None) -> Iterator[ControlTotal]:
    for name, scope in (("TtlNtries", "all"), ("TtlCdtNtries", "credit"), ("TtlDbtNtries", "debit")):
        total = find(summary, name)
        if total is None:
            continue
        count = text_at(total, "NbOfNtries")
        net = parse_amount(text_at(total, "TtlNetNtry", "Amt") or text_at(total, "TtlNetNtryAmt"))
        indicator = text_at(total, "TtlNetNtry", "CdtDbtInd") or text_at(total, "CdtDbtInd")
        sign = SIGN_OF_INDICATOR.get(indicator)
        yield ControlTotal(
            scope=scope,
            count=_small_number(count),
            sum=parse_amount(text_at(total, "Sum")),
            net=net * sign if net is not None and sign is not None else None,
        )
