"""Makes .venv-tryton from the pinned list, or does nothing when it is up to date; prints the path of its Python.

Tryton lives in an environment of its own: a library that it may bring along has the same import name as one of ours.
"""

import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".venv-tryton"
LOCK = Path(__file__).with_name("tryton-requirements.txt")


def ready() -> Path:
    """The Python of the environment, which is made first where it is missing or out of date."""
    python, stamp = HOME / "bin" / "python", HOME / "lettrage-lock"
    if stamp.exists() and stamp.read_text() == LOCK.read_text() and python.exists():
        return python
    venv.create(HOME, with_pip=True, clear=True)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(LOCK)]
    subprocess.run(pip, check=True, stdout=sys.stderr)
    stamp.write_text(LOCK.read_text())
    return python


if __name__ == "__main__":
    print(ready())
