"""Writes the expected readings of fixtures/statements anew; read every line of the difference before committing.

Beside each statement file lies `<its name>.json`: what `lettrage read --json` says of it, one key per line. A reading
is exactly this or a test fails. Only files whose reading changed are written and named. The second opinion is left
out: it would change with the version of somebody else's parser.
"""

import argparse
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from integrations.bank.errors import NotAStatement, UnreadableStatement  # noqa: E402 - the project need not be installed
from integrations.bank.read import ReadOptions, read_file  # noqa: E402
from integrations.bank.render import file_as_object  # noqa: E402

FIXTURES = ROOT / "fixtures" / "statements"
_BESIDE = {".json", ".csv", ".md"}


def statement_files(folder: Path = FIXTURES) -> list[Path]:
    """The statement files among the fixtures: everything that is neither a golden nor about the files."""
    return sorted(
        path for path in folder.rglob("*") if path.is_file() and path.suffix not in _BESIDE and path.name[0] != "."
    )


def golden_of(path: Path) -> Path:
    """Where the expected reading of a file stands."""
    return path.with_name(f"{path.name}.json")


def reading(path: Path) -> str:
    """What the file reads as today; a refusal is a reading, too."""
    try:
        told = file_as_object(read_file(path, options=ReadOptions(second_opinion_entries=0)))
    except (NotAStatement, UnreadableStatement) as refusal:
        told = {"refused": type(refusal).__name__, "message": str(refusal).replace(f"{path.parent}/", "")}
    return json.dumps(told, ensure_ascii=False, indent=1) + "\n"


def main() -> int:
    """Write what changed, or with --check only name it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit status 1 where a reading changed")
    check = parser.parse_args().check
    changed = 0
    for path in statement_files():
        golden, told = golden_of(path), reading(path)
        if not golden.exists() or golden.read_text("utf-8") != told:
            changed += 1
            print(golden.relative_to(ROOT))
            if not check:
                golden.write_text(told, encoding="utf-8")
    print(f"{changed} of {len(statement_files())} readings {'differ' if check else 'written'}")
    return int(check and changed > 0)


if __name__ == "__main__":
    sys.exit(main())
