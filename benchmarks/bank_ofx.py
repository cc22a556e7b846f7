"""Reading speed and memory of the OFX reader beside ofxparse and a bare scan, in one run.

``python -m benchmarks.bank_ofx [entries]`` prints the table. Every row is measured in a process of its own: CPU
seconds of the reading alone, peak memory above the interpreter with its imports. ``ratio`` is how many times faster
than ofxparse a row is on the same file. On unclosed SGML ofxparse takes more than proportional time, so it is compared
there on a tenth of the entries; on XML, on all of them.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

_NAMES = ("MUELLER MASCHINENBAU GMBH", "BAECKEREI SORENSEN &amp; SOEHNE", "STADTWERKE NEUSTADT AG", "ACME TRADING LTD")
_SGML = "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\nSECURITY:NONE\nENCODING:USASCII\nCHARSET:1252\n\n"
_XML = '<?xml version="1.0" encoding="UTF-8"?>\n<?OFX OFXHEADER="200" VERSION="211" SECURITY="NONE"?>\n'


def generate(path: Path, entries: int, *, xml: bool) -> None:
    """One statement of one account with this many entries: leaves closed in XML, not in SGML."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(_lines(entries, xml=xml))


def _lines(entries: int, *, xml: bool) -> Iterator[str]:
    def leaf(tag: str, value: object) -> str:
        return f"<{tag}>{value}</{tag}>\n" if xml else f"<{tag}>{value}\n"

    yield _XML if xml else _SGML
    status = f"<STATUS>{leaf('CODE', 0)}{leaf('SEVERITY', 'INFO')}</STATUS>"
    signon = (
        f"<SIGNONMSGSRSV1><SONRS>{status}{leaf('DTSERVER', 20260401)}{leaf('LANGUAGE', 'ENG')}</SONRS></SIGNONMSGSRSV1>"
    )
    account = f"{leaf('BANKID', 20041)}{leaf('ACCTID', '0500013M026')}{leaf('ACCTTYPE', 'CHECKING')}"
    yield f"<OFX><SIGNONMSGSRSV1>{signon}</SIGNONMSGSRSV1>\n<BANKMSGSRSV1><STMTTRNRS>{leaf('TRNUID', 1)}{status}"
    yield f"<STMTRS>{leaf('CURDEF', 'EUR')}<BANKACCTFROM>{account}</BANKACCTFROM>"
    yield f"<BANKTRANLIST>{leaf('DTSTART', 20260101)}{leaf('DTEND', 20260331)}"
    for n in range(entries):
        sign = "-" if n % 4 == 0 else ""
        yield (
            f"<STMTTRN>\n{leaf('TRNTYPE', 'DEBIT' if sign else 'CREDIT')}"
            f"{leaf('DTPOSTED', f'2026{1 + n % 3:02}{1 + n % 28:02}120000[+1:CET]')}"
            f"{leaf('TRNAMT', f'{sign}{n % 9000 + 1}.{n % 100:02}')}{leaf('FITID', f'2026{n:012}')}"
            f"{leaf('NAME', _NAMES[n % 4])}"
            f"{leaf('MEMO', f'INVOICE RE-2026-{n:07} CUSTOMER {10000 + n % 5000}')}</STMTTRN>\n"
        )
    yield f"</BANKTRANLIST><LEDGERBAL>{leaf('BALAMT', '100.00')}{leaf('DTASOF', 20260331)}</LEDGERBAL>"
    yield "</STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>\n"


def _reader(name: str) -> Callable[[Path], int]:
    """The reader of that name as a function that returns how many entries it saw; imports are done here."""
    if name == "lettrage":
        from integrations.bank.ofx.reader import read_events  # noqa: PLC0415
        from matching.model.bank_statement import BankEntry  # noqa: PLC0415

        def read(path: Path) -> int:
            with path.open("rb") as file:
                return sum(isinstance(event, BankEntry) for event in read_events(file))

        return read
    if name == "ofxparse":
        import ofxparse  # noqa: PLC0415

        def read_other(path: Path) -> int:
            with path.open("rb") as file, warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return sum(len(one.statement.transactions) for one in ofxparse.OfxParser.parse(file).accounts)

        return read_other
    from integrations.bank.ofx.reader import count_entries  # noqa: PLC0415

    def count(path: Path) -> int:
        with path.open("rb") as file:
            return count_entries(file)

    return count


def measure(name: str, path: Path) -> dict[str, object]:
    """One reader on one file, in this process."""
    read = _reader(name)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    seen = read(path)
    cpu = time.process_time() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return {"entries": seen, "cpu_s": round(cpu, 3), "peak_mb": round(peak / 1024, 1)}


def run(entries: int = 100_000) -> list[dict[str, object]]:
    """The table: what, entries, cpu_s, ratio (to ofxparse on the same file), peak_mb above interpreter and imports."""
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "statement.ofx"
        for kind, size, names in (
            ("SGML", max(entries // 10, 1), ("ofxparse", "lettrage", "count only")),
            ("SGML", entries, ("lettrage",)),
            ("XML", entries, ("ofxparse", "lettrage", "count only")),
            ("SGML", entries * 10, ("lettrage",)),
        ):
            generate(path, size, xml=kind == "XML")
            reference = 0.0
            for name in names:
                measured = _in_a_process(name, path)
                cpu = float(str(measured["cpu_s"]))
                reference = cpu if name == "ofxparse" else reference
                ratio = round(reference / max(cpu, 0.001), 1) if reference else ""
                rows.append({"what": f"{name}, {kind}"} | measured | {"ratio": ratio})
    return rows


def _in_a_process(name: str, path: Path) -> dict[str, object]:
    command = [sys.executable, "-m", "benchmarks.bank_ofx", "--measure", name, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1])
    measured: dict[str, object] = json.loads(done.stdout)
    return measured


def main() -> None:
    if sys.argv[1:2] == ["--measure"]:
        print(json.dumps(measure(sys.argv[2], Path(sys.argv[3]))))
        return
    print(f"{'what':20} {'entries':>9} {'CPU s':>8} {'x ofxparse':>11} {'peak MB':>8}")
    for row in run(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000):
        print(f"{row['what']:20} {row['entries']:>9} {row['cpu_s']:>8} {row['ratio']:>11} {row['peak_mb']:>8}")


if __name__ == "__main__":
    main()
