"""Reading speed and memory of the MT940 reader beside every other Python reader at hand, in one run.

``python -m benchmarks.bank_mt940 [entries [rounds]]`` prints the table. Every row is measured in a process of its own:
CPU seconds of the reading alone, peak memory above the interpreter with its imports. ``ratio`` is how many times faster
than ``mt-940``'s ``parse()`` a row is. With several rounds, all readers take turns and the medians are told: on a busy
machine one CPU second is not like the next. The other readers are installed into environments of their own, because
two of them install a package of the same name.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from statistics import median

READERS = ("lettrage", "mt-940 parse()", "mt-940 parse_statements()", "count :61: lines", "raw read")
# Other readers by what pip installs, and an expression that gives the number of entries of the file `path`.
OTHERS = {
    "mt940": "sum(len(each.transactions) for each in __import__('mt940').MT940(path, 'utf-8').statements)",
    "bankstatementparser": "len(__import__('bankstatementparser').create_parser(path, 'mt940').parse())",
    "bankfile": "len(__import__('bankfile').parse(path).transactions)",
}
_MEASURED = """
import importlib, json, resource, sys, time, warnings
warnings.simplefilter("ignore")
importlib.import_module(sys.argv[3])
path, peak = sys.argv[1], lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
before, began = peak(), time.process_time()
seen = eval(sys.argv[2])
print(json.dumps({"entries": seen, "cpu_s": time.process_time() - began, "peak_mb": peak() - before}))
"""
FILES = ("german", "mixed")  # mt-940 reads the German sub-fields only, and passes over all other texts
_PER_STATEMENT = 1_000
_NAMES = ("MUELLER MASCHINENBAU GMBH", "Bäckerei Sørensen & Söhne KG", "STADTWERKE NEUSTADT AG", "Petra Beispiel")


def _german(n: int) -> list[str]:
    amount = f"{n % 9000 + 1},{n % 100:02d}"
    purpose = f"EREF+INV-2026-{n:07d}SVWZ+Rechnung RE-2026-{n:07d} vom 12.03.2026 Kundennummer {10000 + n % 5000} Danke"
    pieces = "".join(f"?{20 + at}{purpose[27 * at : 27 * at + 27]}" for at in range((len(purpose) + 26) // 27))
    name = _NAMES[n % 4]
    text = f"166?00GUTSCHRIFT?109248{pieces}?30COBADEFFXXX?31DE{89 - n % 9}37040044{n % 10**10:010d}?32{name}?34000"
    return [f":61:2603120312C{amount}NTRFNONREF//{n:016d}", *_wrapped(text)]


def _dutch(n: int) -> list[str]:
    amount = f"{n % 9000 + 1},{n % 10}"
    text = (
        f"/TRTP/SEPA OVERBOEKING/IBAN/NL91ABNA{n % 10**10:010d}/BIC/ABNANL2A/NAME/{_NAMES[n % 4]}/REMI/Factuur "
        f"{20260000 + n} en {20260001 + n} klant 4711/EREF/NOTPROVIDED"
    )
    return [f":61:2603120312C{amount}N654NONREF", *_wrapped(text)]


def _free(n: int) -> list[str]:
    return [
        f":61:2603120312D{n % 500 + 1},00NMSCREF{n}//B{n}",
        *_wrapped(f"CARD PAYMENT {n} AT SHOP {n % 77} LONDON GB"),
    ]


def _wrapped(text: str) -> list[str]:
    text = ":86:" + text
    return [text[at : at + 65] for at in range(0, len(text), 65)]


def generate(path: Path, entries: int, kind: str = "mixed") -> None:
    """A file of consistent daily statements: German entries only, or of five three German, one Dutch, one free text."""
    makers = (_german, _dutch, _german, _free, _german) if kind == "mixed" else (_german,) * 5
    balance = Decimal("1000.00")
    with path.open("w", encoding="utf-8", newline="") as file:
        for number, begin in enumerate(range(0, entries, _PER_STATEMENT), start=1):
            lines = [
                f":20:STMT{number:08d}",
                ":25:DE89370400440532013000",
                f":28C:{number}/1",
                _balance("60F", balance),
            ]
            for n in range(begin, min(begin + _PER_STATEMENT, entries)):
                entry = makers[n % 5](n)
                mark, _, rest = entry[0][14:].partition(",")
                amount = Decimal(f"{mark[1:]}.{''.join(c for c in rest[:2] if c.isdigit())}")
                balance += amount if mark[0] == "C" else -amount
                lines += entry
            lines += [_balance("62F", balance), "-", ""]
            file.write("\r\n".join(lines))


def _balance(tag: str, amount: Decimal) -> str:
    return f":{tag}:{'D' if amount < 0 else 'C'}260312EUR{abs(amount)}".replace(".", ",")


def _reader(name: str) -> Callable[[Path], int]:
    """The reader of that name as a function that returns how many entries it saw; imports are done here."""
    if name == "lettrage":
        from integrations.bank.mt940 import read_events  # noqa: PLC0415 - each reader is measured without the others
        from matching.model.bank_statement import BankEntry  # noqa: PLC0415

        def read(path: Path) -> int:
            with path.open("rb") as file:
                return sum(isinstance(event, BankEntry) for event in read_events(file))

        return read
    if name.startswith("mt-940"):
        import mt940  # noqa: PLC0415
        from mt940.options import Options  # noqa: PLC0415

        if name == "mt-940 parse()":
            return lambda path: len(mt940.parse(str(path)).transactions)
        return lambda path: sum(
            len(each.transactions) for each in mt940.parse_statements(str(path), options=Options.all())
        )
    if name == "raw read":
        return lambda path: len(path.read_bytes()) and 0
    from integrations.bank.mt940 import count_entries  # noqa: PLC0415

    def count(path: Path) -> int:
        with path.open("rb") as file:
            return count_entries(file)

    return count


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(name: str, path: Path) -> dict[str, object]:
    """One reader on one file, in this process."""
    read = _reader(name)
    before = _peak_mb()
    began = time.process_time()
    seen = read(path)
    return {"what": name, "entries": seen, "cpu_s": time.process_time() - began, "peak_mb": _peak_mb() - before}


def run(entries: int = 100_000, rounds: int = 1) -> list[dict[str, object]]:
    """The table: what, entries, cpu_s, ratio (to mt-940 parse() on the same file), peak_mb above the imports."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        pythons = {name: _environment(Path(folder) / name, name) for name in OTHERS}
        for kind in FILES:
            path = Path(folder) / f"{kind}.sta"
            generate(path, entries, kind)
            turns = [list(_measured(path, pythons)) for _ in range(rounds)]
            rows += [_median(f"{turn[0]['what']}, {kind}", turn, turns) for turn in zip(*turns, strict=True)]
    return rows


Row = dict[str, str | float]


def _median(what: str, turn: Sequence[Row], turns: Sequence[Sequence[Row]]) -> dict[str, object]:
    """One reader's rows of all rounds as one."""
    reference = [next(float(row["cpu_s"]) for row in each if row["what"] == "mt-940 parse()") for each in turns]
    used = [float(row["cpu_s"]) for row in turn]
    ratios = [one / max(own, 1e-9) for one, own in zip(reference, used, strict=True)]
    peak = max(float(row["peak_mb"]) for row in turn)
    return {
        "what": what,
        "entries": turn[0]["entries"],
        "cpu_s": median(used),
        "ratio": median(ratios),
        "peak_mb": peak,
    }


def _environment(folder: Path, package: str) -> Path:
    """A fresh environment with one other reader."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    subprocess.run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", package], check=True)
    return python


def _measured(path: Path, pythons: Mapping[str, Path]) -> Iterator[Row]:
    for name in READERS:
        ours = [sys.executable, "-m", "benchmarks.bank_mt940", "--measure", name, str(path)]
        yield json.loads(_output(ours))
    for name, python in pythons.items():
        row: Row = json.loads(_output([str(python), "-c", _MEASURED, str(path), OTHERS[name], name]))
        yield {**row, "what": f"{name} (PyPI)"}


def _output(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[1])
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)[:200]} failed: {done.stderr[-500:]}")
    return done.stdout.splitlines()[-1]


def main() -> None:
    if sys.argv[1:2] == ["--measure"]:
        print(json.dumps(measure(sys.argv[2], Path(sys.argv[3]))))
        return
    entries, rounds = (*map(int, sys.argv[1:3]), *(100_000, 1)[len(sys.argv) - 1 :])[:2]
    print(f"{'what':36} {'entries':>9} {'CPU s':>8} {'entries/CPU s':>14} {'x mt-940':>9} {'peak MB':>8}")
    for row in run(entries, rounds):
        cpu = float(str(row["cpu_s"]))
        print(
            f"{row['what']:36} {row['entries']:>9} {cpu:8.2f} {entries / max(cpu, 1e-9):14,.0f} "
            f"{float(str(row['ratio'])):9.1f} {float(str(row['peak_mb'])):8.1f}"
        )


if __name__ == "__main__":
    main()
