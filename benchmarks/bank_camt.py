"""Reading speed and memory of the CAMT reader beside a bare pass of lxml that reads no field, in one run.

``python -m benchmarks.bank_camt [entries]`` prints the table. Every row is measured in a process of its own: CPU
seconds of the reading alone, the best of three passes; peak memory above the interpreter with its imports. ``ratio``
is how fast a row is compared with the bare pass over the same file (1 = as fast).
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

_NAMES = ("Müller Maschinenbau GmbH", "Bäckerei Sørensen &amp; Söhne", "Stadtwerke Neustadt AG", "Acme Trading Ltd")
_HEAD = (
    "<?xml version='1.0' encoding='UTF-8'?>\n<Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.053.001.08'>"
    "<BkToCstmrStmt><GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-03-31T20:00:00</CreDtTm></GrpHdr><Stmt><Id>S1</Id>"
    "<ElctrncSeqNb>61</ElctrncSeqNb><Acct><Id><IBAN>DE89370400440532013000</IBAN></Id><Ccy>EUR</Ccy></Acct>"
    "<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy='EUR'>0.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>"
    "<Dt><Dt>2026-01-01</Dt></Dt></Bal>"
)
_TAIL = "</Stmt></BkToCstmrStmt></Document>\n"


def generate(path: Path, entries: int) -> None:
    """One camt.053 with this many entries of three kinds: free text, structured reference, direct debit with charges.

    One transaction each; names, banks and optional elements vary, so that an entry has one of twelve shapes.
    """
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(_HEAD)
        file.writelines(map(_entry, range(entries)))
        file.write(_TAIL)


def _entry(n: int) -> str:
    debit = n % 5 == 4
    indicator = "DBIT" if debit else "CRDT"
    amount = f"{n % 9000 + 1}.{n % 100:02}"
    day = f"2026-{1 + n % 3:02}-{1 + n % 28:02}"
    ultimate = "<UltmtDbtr><Pty><Nm>Branch 7</Nm></Pty></UltmtDbtr>" if n % 7 == 0 else ""
    charges = (
        "<Chrgs><Rcrd><Amt Ccy='EUR'>0.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Br>SHAR</Br></Rcrd></Chrgs>"
        if n % 11 == 0
        else ""
    )
    if n % 3 == 0:
        remittance = (
            "<Strd><CdtrRefInf><Tp><CdOrPrtry><Cd>SCOR</Cd></CdOrPrtry></Tp><Ref>RF18539007547034</Ref></CdtrRefInf>"
            "</Strd>"
        )
    else:
        remittance = f"<Ustrd>INVOICE RE-2026-{n:07} CUSTOMER {10000 + n % 5000}</Ustrd>"
    role = "Cdtr" if debit else "Dbtr"
    return (
        f"<Ntry><NtryRef>{n}</NtryRef><Amt Ccy='EUR'>{amount}</Amt><CdtDbtInd>{indicator}</CdtDbtInd>"
        f"<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{day}</Dt></BookgDt><ValDt><Dt>{day}</Dt></ValDt>"
        f"<AcctSvcrRef>2026{n:012}</AcctSvcrRef><BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd>"
        "<SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd><NtryDtls><TxDtls>"
        f"<Refs><EndToEndId>E2E-{n}</EndToEndId></Refs><Amt Ccy='EUR'>{amount}</Amt><CdtDbtInd>{indicator}</CdtDbtInd>"
        f"{charges}<RltdPties><{role}><Pty><Nm>{_NAMES[n % 4]}</Nm></Pty></{role}>"
        f"<{role}Acct><Id><IBAN>DE{n % 10**9:020}</IBAN></Id></{role}Acct>{ultimate}</RltdPties>"
        f"<RltdAgts><{role}Agt><FinInstnId><BICFI>COBADEFFXXX</BICFI></FinInstnId></{role}Agt></RltdAgts>"
        f"<RmtInf>{remittance}</RmtInf></TxDtls></NtryDtls></Ntry>\n"
    )


def _reader(name: str) -> Callable[[Path], int]:
    """The reader of that name as a function that returns how many entries it saw; imports are done here."""
    if name == "lettrage":
        from integrations.bank.camt.reader import read_events  # noqa: PLC0415
        from matching.model.bank_statement import BankEntry  # noqa: PLC0415

        def read(path: Path) -> int:
            with path.open("rb") as file:
                return sum(isinstance(event, BankEntry) for event in read_events(file))

        return read
    if name == "lxml, no field":
        from lxml import etree  # noqa: PLC0415

        def bare(path: Path) -> int:
            return sum(1 for _ in _cleared(element for _, element in etree.iterparse(str(path), tag="{*}Ntry")))

        return bare
    from integrations.bank.camt.reader import count_entries  # noqa: PLC0415

    def count(path: Path) -> int:
        with path.open("rb") as file:
            return count_entries(file)

    return count


def _cleared(elements: Iterator[object]) -> Iterator[None]:
    for element in elements:
        element.clear()  # type: ignore[attr-defined]
        yield None


def measure(name: str, path: Path, passes: int) -> dict[str, object]:
    """One reader on one file, in this process."""
    read = _reader(name)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    times = []
    for _ in range(passes):
        began = time.process_time()
        seen = read(path)
        times.append(time.process_time() - began)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return {"entries": seen, "cpu_s": round(min(times), 3), "peak_mb": round(peak / 1024, 1)}


def run(entries: int = 100_000) -> list[dict[str, object]]:
    """The table: what, entries, cpu_s, ratio (to the bare pass on the same file), peak_mb above the imports."""
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "statement.xml"
        for size, passes in ((max(entries // 10, 1), 3), (entries, 3 if entries <= 200_000 else 1)):
            generate(path, size)
            reference = 0.0
            for name in ("lxml, no field", "lettrage", "count only"):
                measured = _in_a_process(name, path, passes)
                cpu = float(str(measured["cpu_s"]))
                reference = reference or cpu
                rows.append({"what": name} | measured | {"ratio": round(reference / max(cpu, 0.001), 2)})
    return rows


def _in_a_process(name: str, path: Path, passes: int) -> dict[str, object]:
    command = [sys.executable, "-m", "benchmarks.bank_camt", "--measure", name, str(path), str(passes)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1])
    measured: dict[str, object] = json.loads(done.stdout)
    return measured


def main() -> None:
    if sys.argv[1:2] == ["--measure"]:
        print(json.dumps(measure(sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]))))
        return
    print(f"{'what':16} {'entries':>9} {'CPU s':>8} {'x lxml':>7} {'peak MB':>8}")
    for row in run(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000):
        print(f"{row['what']:16} {row['entries']:>9} {row['cpu_s']:>8} {row['ratio']:>7} {row['peak_mb']:>8}")


if __name__ == "__main__":
    main()
