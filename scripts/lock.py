"""Works out both lock files, with hashes, from pyproject.toml. Run through `make lock`."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMMON = [
    sys.executable,
    "-m",
    "piptools",
    "compile",
    "--quiet",
    "--generate-hashes",
    "--no-emit-index-url",
    "--no-emit-find-links",
    "--no-emit-trusted-host",
    "--no-header",
    "--allow-unsafe",
    "--no-strip-extras",
    "--no-annotate",
    "pyproject.toml",
    "scripts/oldest-python.in",
]


def main() -> int:
    """Write requirements.lock (what runs) and requirements-dev.lock (what runs and checks)."""
    extra = ["--extra", "celery", "--extra", "s3", "--extra", "sftp"]
    subprocess.run([*COMMON, *extra, "--output-file", "requirements.lock"], cwd=ROOT, check=True)
    dev = ["--extra", "dev", "--constraint", "requirements.lock", "--output-file", "requirements-dev.lock"]
    subprocess.run([*COMMON, *extra, *dev], cwd=ROOT, check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
