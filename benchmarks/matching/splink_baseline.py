"""splink as a baseline, in an environment of its own (it pins other versions than ours); only when asked for.

The environment ``.venv-splink`` is made on first use. Probabilities come from splink, the one-to-one assignment
(highest probability first) is ours, because splink links records and leaves allocation to its user.
"""

import csv
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.matching.world import World
from matching.model.decision import Allocation, Decision, ExceptionCase

ENVIRONMENT = Path(".venv-splink")
VERSION = "splink==5.0.0"
THRESHOLDS = (0.5, 0.99, 0.999)


def splink_decisions(world: World) -> dict[float, list[Decision]]:
    """The decisions at each threshold, from one run. Raises CalledProcessError when splink or its install fails."""
    python = _environment()
    with tempfile.TemporaryDirectory() as folder:
        _export(world, Path(folder))
        child = Path(__file__).with_name("splink_child.py")
        subprocess.run([str(python), str(child), folder], check=True, stdout=sys.stderr)
        with (Path(folder) / "pairs.csv").open(encoding="utf-8", newline="") as file:
            known = {payment.payment_id for payment in world.payments}
            pairs = [_pair(row, known) for row in csv.DictReader(file)]
    pairs.sort(key=lambda pair: (-pair[2], pair))
    return {threshold: _assign(world, [pair for pair in pairs if pair[2] >= threshold]) for threshold in THRESHOLDS}


def _pair(row: dict[str, str], payments: set[str]) -> tuple[str, str, float]:
    left, right = row["unique_id_l"], row["unique_id_r"]
    payment, item = (left, right) if left in payments else (right, left)
    return payment, item, float(row["match_probability"])


def _environment() -> Path:
    python = ENVIRONMENT / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(ENVIRONMENT)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", VERSION], check=True)
    return python


def _export(world: World, folder: Path) -> None:
    customers = {customer.customer_id: customer for customer in world.customers}
    with (folder / "payments.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("unique_id", "amount", "name", "number", "account"))
        for payment in world.payments:
            runs = re.findall(r"\d{4,}", payment.remittance)
            longest = max(runs, key=len, default="")
            writer.writerow(
                (payment.payment_id, payment.amount, payment.payer_name.upper(), longest, payment.payer_account)
            )
    with (folder / "items.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("unique_id", "amount", "name", "number", "account"))
        for item in world.open_items:
            customer = customers[item.customer_id]
            account = customer.ibans[0] if customer.ibans else ""
            digits = "".join(re.findall(r"\d{4,}", item.number)[-1:])
            writer.writerow((item.item_id, item.open_amount, customer.name.upper(), digits, account))


def _assign(world: World, pairs: list[tuple[str, str, float]]) -> list[Decision]:
    """Each payment and each item once, the most probable pair first."""
    amounts = {payment.payment_id: payment.amount for payment in world.payments}
    taken: dict[str, tuple[str, float]] = {}
    used: set[str] = set()
    for payment_id, item_id, probability in pairs:
        if payment_id not in taken and item_id not in used and amounts[payment_id] > 0:
            taken[payment_id] = item_id, probability
            used.add(item_id)
    decisions = []
    for payment in world.payments:
        if payment.payment_id in taken:
            item_id, probability = taken[payment.payment_id]
            paid = (Allocation(item_id=item_id, cash=payment.amount),)
            decisions.append(
                Decision(payment_id=payment.payment_id, allocations=paid, confidence=probability, rule="splink")
            )
        else:
            case = ExceptionCase(kind="no_match", unallocated=payment.amount, why="no pair is probable enough")
            decisions.append(Decision(payment_id=payment.payment_id, exception=case))
    return decisions
