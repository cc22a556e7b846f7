"""How much memory the engine's index of a large ledger takes; run in a process of its own, so that nothing else counts.

``python -m benchmarks.matching.memory 1000000`` prints the megabytes that the index added, and the processor seconds.
"""

import random
import sys
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from benchmarks.matching.people import make_iban
from matching.index import LedgerIndex
from matching.model.open_item import Customer, OpenItem
from matching.model.policy import History, Policy

_FIRST = date(2026, 1, 1)


def _customers(count: int) -> list[Customer]:
    chance = random.Random(1)
    return [
        Customer(customer_id=str(at), name=f"Kunde {at} Handel {at % 97} GmbH", ibans=(make_iban(chance, "DE"),))
        for at in range(count)
    ]


def _items(count: int, customers: int) -> Iterator[OpenItem]:
    """Documents one by one, so that only what the index keeps stays in memory."""
    chance = random.Random(2)
    for at in range(count):
        amount = chance.randrange(500, 5_000_000)
        issued = _FIRST + timedelta(days=at * 300 // count)
        yield OpenItem(
            item_id=f"L{at:08d}",
            number=f"RE2026-{at:07d}",
            kind="invoice",
            customer_id=str(chance.randrange(customers)),
            currency="EUR",
            issued_on=issued,
            due_on=issued + timedelta(days=30),
            original_amount=amount,
            open_amount=amount,
        )


def _resident_kilobytes() -> int:
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    message = "the memory of this process cannot be read here; the figure needs Linux"
    raise OSError(message)


def measure(count: int) -> tuple[float, float]:
    """Megabytes that the index of so many open items adds, and the processor seconds to build it."""
    customers = _customers(max(1, count // 20))
    before, start = _resident_kilobytes(), time.process_time()
    index = LedgerIndex.build(_items(count, len(customers)), customers, History(), Policy())
    seconds, after = time.process_time() - start, _resident_kilobytes()
    del index
    return (after - before) / 1024, seconds


if __name__ == "__main__":
    megabytes, seconds = measure(int(sys.argv[1]))
    print(f"{megabytes:.0f} {seconds:.1f}")
