"""Writes the demo company to fixtures/demo: open items, customers, statements, and what should become of each payment.

Same seed, same bytes: `python scripts/make_demo_company.py` changes nothing unless the script changed.
Give another folder to look at other draws: `--into /tmp/company --seed 7`.
"""

import argparse
import csv
import io
import random
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from demo_company.payments import PAYS_BALANCE, Entry, Payments
from demo_company.statements import statement_files
from demo_company.world import BANK_DAYS, HOUSES, Item, World

ROOT = Path(__file__).resolve().parent.parent
OPEN_ITEMS = 355
SETTLED_ITEMS = 140


def company(seed: int) -> dict[str, bytes]:
    """Every file of the demo company by its path below fixtures/demo."""
    chance = random.Random(seed)  # noqa: S311  # reproducible, not secret
    world = World(chance)
    payments = Payments(world)
    payments.plan()
    _fill_up(world)
    world.number_items()
    entries = payments.write()
    chance.shuffle(entries)
    files = {f"statements/{name}": content for name, content in statement_files(entries).items()}
    open_items = [item for item in world.items if item.settled_on is None]
    files["inbox/customers.csv"] = _customers(world)
    files["inbox/open_items.csv"] = _items(open_items)
    files["inbox/settled_items.csv"] = _items([item for item in world.items if item.settled_on is not None])
    files["inbox/house_accounts.csv"] = _csv(
        ["account", "currency", "name"], [[house.account, house.currency, house.name] for house in HOUSES.values()]
    )
    files["truth.csv"] = _truth(entries)
    return files


def _fill_up(world: World) -> None:
    """Items that nobody pays these days, and what was paid in the months before: they teach the number ranges."""
    customers = [customer for customer in world.customers if customer.name not in PAYS_BALANCE.values()]
    while sum(item.settled_on is None for item in world.items) < OPEN_ITEMS:
        world.invoice(world.chance.choice(customers))
    while sum(item.settled_on is not None for item in world.items) < SETTLED_ITEMS:
        world.settled(world.chance.choice(customers), days_ago=world.chance.randrange(4, 60))


def _money(minor: int) -> str:
    return f"{'-' if minor < 0 else ''}{abs(minor) // 100}.{abs(minor) % 100:02d}"


def _csv(header: list[str], rows: Iterable[list[str]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode()


def _customers(world: World) -> bytes:
    header = ["customer_id", "name", "ibans", "country", "parent_id", "aliases"]
    return _csv(
        header,
        [
            [
                one.customer_id,
                one.name,
                one.account if one.known_account else "",
                one.country,
                one.parent_id,
                one.aliases,
            ]
            for one in world.customers
        ],
    )


def _items(items: list[Item]) -> bytes:
    header = [
        "item_id",
        "number",
        "kind",
        "customer_id",
        "currency",
        "issue_date",
        "due_date",
        "original_amount",
        "open_amount",
        "payment_reference",
        "discount_date",
        "discount_amount",
        "disputed",
        "settled_on",
    ]
    return _csv(
        header,
        [
            [
                item.item_id,
                item.number,
                item.kind,
                item.customer.customer_id,
                item.currency,
                str(item.issued_on),
                str(item.due_on),
                _money(item.amount),
                _money(item.open_amount),
                item.payment_reference,
                str(item.discount_date or ""),
                _money(item.discount) if item.discount else "",
                "1" if item.disputed else "",
                str(item.settled_on or ""),
            ]
            for item in sorted(items, key=lambda item: item.item_id)
        ],
    )


def _truth(entries: list[Entry]) -> bytes:
    """One row per payment, for a clerk and for the scenario test; `settles` is item = cash, discount, write-off."""
    header = [
        "house",
        "bank_reference",
        "booking_date",
        "currency",
        "amount",
        "payer",
        "text",
        "case",
        "expected",
        "settles",
        "note",
    ]
    payments = [detail for entry in entries for detail in (entry.details or [entry])]
    return _csv(
        header,
        [
            [
                HOUSES[one.house].name,
                one.bank_reference,
                str(one.day),
                HOUSES[one.house].currency,
                _money(one.amount),
                one.payer,
                one.reference or one.text,
                one.case,
                one.expected,
                "; ".join(
                    f"{part.item.number}={_money(part.cash)},{_money(part.discount)},{_money(part.write_off)}"
                    for part in one.settles
                ),
                one.note,
            ]
            for one in sorted(payments, key=lambda one: (one.day, one.bank_reference))
        ],
    )


def main() -> None:
    """Write the files and say what was written."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--into", type=Path, default=ROOT / "fixtures" / "demo")
    parser.add_argument("--seed", type=int, default=1926)
    arguments = parser.parse_args()
    for name, content in company(arguments.seed).items():
        path = arguments.into / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    night = BANK_DAYS[-1] + timedelta(days=1)
    print(f"demo company written to {arguments.into}; its night is that of {night}")


if __name__ == "__main__":
    main()
