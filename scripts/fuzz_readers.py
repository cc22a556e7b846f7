"""Fuzzes the bank readers, guided by coverage: real files, mutated, must never crash, hang or lose an entry.

    python scripts/fuzz_readers.py FOLDER_WITH_FILES [--seconds 900] [--findings FOLDER]

FOLDER_WITH_FILES holds statement files of any format to begin from. Makes an environment of its own with atheris
(libFuzzer for Python) beside a temporary folder, because the project does not depend on it. A finding is an input on
which a reader raises anything but its two named refusals, does not account for every entry, cannot be rendered, or
takes more than ten seconds. Findings are kept as files, and printed at the end.
"""

import argparse
import io
import os
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORDS = (
    "\\r\\n:61:", "\\n:86:", ":60F:C", ":62M:D", ":28C:1/2", ":20:", "{4:", "-}", "RC", "RD", "?20", "?32", "/IBAN/",
    "/REMI/", "SVWZ+", "EREF+", "<STMTTRN>", "</STMTTRN>", "<TRNAMT>", "<DTPOSTED>", "<FITID>", "<![CDATA[", "]]>",
    "<Ntry>", "</Ntry>", "<Amt Ccy=", "<CdtDbtInd>DBIT", "<TxDtls>", "<Bal>", "<Cd>CLBD", "<!DOCTYPE", "<!ENTITY",
    "&lt;", "\\x00", "\\xef\\xbb\\xbf", "\\xff\\xfe", "PK\\x03\\x04", "1.234,56", "99999999999999999999", "20120231",
)  # fmt: skip


def main() -> int:
    """Prepare the environment, run the fuzzer in it for the time given, and say what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--seconds", type=int, default=900)
    parser.add_argument("--findings", type=Path, default=Path(tempfile.gettempdir()) / "lettrage-fuzz")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    arguments, rest = parser.parse_known_args()
    if arguments.inside:
        return fuzz(rest)
    with tempfile.TemporaryDirectory(prefix="lettrage-fuzz-") as scratch:
        place = Path(scratch)
        python = environment(place / "environment")
        seeds = place / "seeds"
        seeds.mkdir()
        for number, path in enumerate(sorted(path for path in arguments.corpus.rglob("*") if path.is_file())):
            shutil.copyfile(path, seeds / f"{number:05}")
        (place / "words").write_text("".join(f'"{word}"\n' for word in map(quoted, WORDS)), encoding="utf-8")
        arguments.findings.mkdir(parents=True, exist_ok=True)
        until = time.monotonic() + arguments.seconds
        # libFuzzer ends with its first finding: begin again from what it has learned, until the time is over.
        while (left := int(until - time.monotonic())) > 5:
            options = (
                f"-max_total_time={left}",
                f"-artifact_prefix={arguments.findings}/",
                f"-dict={place / 'words'}",
                "-timeout=10",
                "-rss_limit_mb=2048",
                "-max_len=60000",
                "-print_final_stats=1",
                "-verbosity=0",
            )
            command = [str(python), __file__, "--inside", str(seeds), str(seeds), *options]
            subprocess.run(command, cwd=ROOT, check=False, env=os.environ | {"PYTHONPATH": str(ROOT)})
    found = sorted(path.name for path in arguments.findings.iterdir())
    print("\n".join(found) or "nothing found")
    return 1 if found else 0


def environment(folder: Path) -> Path:
    """An environment with atheris that also sees the packages of the one this runs in."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    subprocess.run([str(python), "-m", "pip", "install", "--quiet", "atheris"], check=True)
    site = next(folder.glob("lib/python*/site-packages"))
    ours = next(Path(sys.prefix).glob("lib/python*/site-packages"))
    (site / "ours.pth").write_text(f"{ours}\n", encoding="utf-8")
    return python


def quoted(word: str) -> str:
    """A word as libFuzzer's dictionaries want it."""
    return word.replace("\\r\\n", "\\x0D\\x0A").replace("\\n", "\\x0A").replace('"', '\\"')


def fuzz(arguments: list[str]) -> int:
    """Inside the environment: one input after another through the reader its content asks for."""
    # Imported here because they have to be instrumented while they are imported, and only in that environment.
    import atheris  # noqa: PLC0415

    with atheris.instrument_imports(include=["integrations.bank"]):
        from integrations.bank.errors import NotAStatement, UnreadableStatement  # noqa: PLC0415
        from integrations.bank.read import ReadOptions, collect, events_of  # noqa: PLC0415
        from integrations.bank.render import file_as_json  # noqa: PLC0415
    options = ReadOptions(second_opinion_entries=0)

    def one_input(raw: bytes) -> None:
        try:
            file = collect(events_of(io.BytesIO(raw), "input", options=options), name="input", sha256="")
        except (NotAStatement, UnreadableStatement):
            return
        entries = sum(len(statement.entries) for statement in file.statements)
        assert file.facts.entries_in_file == entries + len(file.quarantined), "entries unaccounted for"
        file_as_json(file).encode("utf-8")

    atheris.Setup([sys.argv[0], *arguments], one_input)
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
