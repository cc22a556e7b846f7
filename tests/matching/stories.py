"""Reads the stories in fixtures/stories: Markdown tables that finance can read, held against the engine."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from matching.model.money import to_minor
from matching.model.open_item import Customer, HouseAccount, OpenItem
from matching.model.payment import Payment
from matching.model.policy import History, Policy, Tolerance

FOLDER = Path(__file__).parents[2] / "fixtures" / "stories"
TODAY = date(2026, 9, 15)
Row = dict[str, str]


def tables(path: Path) -> dict[str, list[Row]]:
    """Each heading's table, as rows by column heading."""
    found: dict[str, list[Row]] = {}
    heading, columns = "", []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            heading, columns = line[3:], []
        elif line.startswith("|"):
            cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
            if not columns:
                columns = cells
                found[heading] = []
            elif not set(line) <= set("|-"):
                assert len(cells) == len(columns), f"{path.name}: {line}"
                found[heading].append(dict(zip(columns, cells, strict=True)))
    return found


def cents(text: str, currency: str = "EUR") -> int:
    return to_minor(Decimal(text), currency) if text else 0


def day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


@dataclass(frozen=True)
class Ledger:
    customers: tuple[Customer, ...]
    open_items: tuple[OpenItem, ...]
    history: History
    policy: Policy


def ledger() -> Ledger:
    read = tables(FOLDER / "ledger.md")
    customers = tuple(
        Customer(
            customer_id=row["customer"],
            name=row["name"],
            ibans=tuple(filter(None, [row["accounts"]])),
            parent_id=row["group head"],
            payer_ids=tuple(filter(None, [row["declared payers"]])),
        )
        for row in read["Customers"]
    )
    open_items = tuple(
        OpenItem(
            item_id=row["item"],
            number=row["number"],
            kind=row["kind"],
            customer_id=row["customer"],
            currency=row["currency"],
            issued_on=day(row["issued"]),
            due_on=day(row["due"]),
            original_amount=cents(row["open"]),
            open_amount=cents(row["open"]),
            payment_reference=row["reference"],
            discount_until=day(row["discount until"]),
            discount_amount=cents(row["discount"]),
            disputed=row["disputed"] == "yes",
            other_references=tuple(filter(None, [row["order"]])),
        )
        for row in read["Open items"]
    )
    settled = tuple(
        OpenItem(
            item_id=row["item"],
            number=row["number"],
            kind=row["kind"],
            customer_id=row["customer"],
            currency="EUR",
            issued_on=day(row["issued"]),
            due_on=day(row["due"]),
            original_amount=cents(row["amount"]),
            open_amount=0,
            settled_on=day(row["settled"]),
        )
        for row in read["Settled items"]
    )
    policy = Policy(
        tolerance=(("EUR", Tolerance(amount=100, per_ten_thousand=50)),),
        charges_limit=(("EUR", 1_500),),
        house_accounts=(HouseAccount(account="DE12500105170648489890", currency="EUR"),),
    )
    return Ledger(customers, open_items, History(settled_items=settled), policy)


def payment(row: Row) -> Payment:
    """A payment as the story tells it; ``//`` is where the bank has broken the line."""
    text, shared = row["text"].replace(" [charges SHA]", ""), "[charges SHA]" in row["text"]
    lines = tuple(text.split(" // ")) if " // " in text else ()
    return Payment(
        payment_id=row["payment"],
        account="NL20INGB0001234567",
        currency="EUR",
        amount=cents(row["amount"]),
        booked_on=day(row["day"]),
        valued_on=None,
        payer_name=row["payer"],
        payer_account=row["account"],
        remittance=" ".join(lines) if lines else text,
        remittance_lines=lines,
        charge_bearer="SHA" if shared else "",
    )
