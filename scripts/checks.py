"""Runs the checks one after another and says which failed; `--all` for everything, else the fast part."""

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent

FAST = "not slow and not postgresql and not browser and not tryton and not celery"


def steps(everything: bool) -> list[tuple[str, list[str]]]:
    """The checks in the order in which they fail soonest."""
    pytest = [str(BIN / "pytest"), "-q", "-n", "2", "--dist", "loadgroup", "--durations=40", "--durations-min=5"]
    return [
        ("style", [str(BIN / "ruff"), "check", "."]),
        ("format", [str(BIN / "ruff"), "format", "--check", "--quiet", "."]),
        ("types", [str(BIN / "mypy")]),
        ("import rules", [str(BIN / "lint-imports"), "--no-cache"]),
        ("tests", pytest if everything else [*pytest, "-m", FAST]),
    ]


def main() -> int:
    """Run all steps even after a failure, so that one look shows everything that is wrong."""
    failed = []
    for name, command in steps("--all" in sys.argv):
        print(f"== {name}", flush=True)
        started = time.monotonic()
        if subprocess.run(command, cwd=ROOT, check=False).returncode != 0:
            failed.append(name)
        print(f"== {name}: {time.monotonic() - started:.0f} s", flush=True)
    print(f"failed: {', '.join(failed)}" if failed else "all checks passed", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
