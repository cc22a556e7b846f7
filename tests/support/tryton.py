"""A real Tryton on PostgreSQL for the tests: started once, emptied for every test.

The template is built once per set of versions and kept as a dump under .cache.
"""

import atexit
import fcntl
import hashlib
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from pathlib import Path

import psycopg

from scripts.tryton_environment import LOCK, ready
from tests.support.postgres import running_postgres

ROOT = Path(__file__).resolve().parents[2]
MODULES = ("account", "account_invoice", "account_statement", "bank", "account_dunning", "party")
LOGIN, PASSWORD = "lettrage", "tryton-password-4711"
ADMIN_PASSWORD = "admin-password-0815"
DATABASE = "erp"
SEED = Path(__file__).with_name("tryton_seed.py")


class TrytonServer:
    """One server with its PostgreSQL; `fresh` empties its database."""

    _only = None

    @classmethod
    def running(cls):
        if cls._only is None:
            cls._only = cls()
        return cls._only

    def __init__(self):
        self._stack = ExitStack()
        atexit.register(self._stack.close)
        # Another version's environment may be named; ours is the one that is pinned.
        other = os.environ.get("LETTRAGE_TRYTON_PYTHON")
        self.python = Path(other) if other else ready()
        self.postgres = self._stack.enter_context(running_postgres())
        self._folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="tryton-")))
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._config = self._folder / "trytond.conf"
        self._config.write_text(
            f"[database]\nuri = postgresql:///\n[web]\nlisten = 127.0.0.1:{self.port}\n[session]\ntimeout = 3600\n"
        )
        self._environment = {
            **os.environ,
            "PGHOST": str(self.postgres.socket),
            "PGUSER": "tester",
            "PYTHONWARNINGS": "ignore",
            "TRYTOND_CONFIG": str(self._config),
        }
        self._template()
        self.postgres.create_database(DATABASE, "template_erp")
        self._newest = self._remember()
        self._start()

    def fresh(self):
        """The database as the template left it. Everything younger is deleted; making a new one takes Tryton longer."""
        with psycopg.connect(host=str(self.postgres.socket), user="tester", dbname=DATABASE) as connection:
            connection.execute("set session_replication_role = replica")
            for table, newest in self._newest.items():
                connection.execute(f'delete from "{table}" where id > {newest}'.encode())
            connection.execute(b"update account_period set state = 'open'")
            connection.execute(b"update account_journal_period set state = 'open'")
        return DATABASE

    def _remember(self):
        """The newest row of every table; sessions and caches are Tryton's own business."""
        query = (
            b"select table_name from information_schema.columns where table_schema = 'public' and column_name = 'id'"
        )
        with psycopg.connect(host=str(self.postgres.socket), user="tester", dbname=DATABASE) as connection:
            tables = [name for (name,) in connection.execute(query) if not name.startswith(("ir_session", "ir_cache"))]
            return {
                name: connection.execute(f'select coalesce(max(id), 0) from "{name}"'.encode()).fetchone()[0]
                for name in tables
            }

    def _template(self):
        other = os.environ.get("LETTRAGE_TRYTON_PYTHON")
        told = repr((MODULES, other) if other else MODULES).encode()
        fingerprint = hashlib.sha256(LOCK.read_bytes() + SEED.read_bytes() + told).hexdigest()[:12]
        dump = ROOT / ".cache" / f"tryton-{fingerprint}.dump"
        dump.parent.mkdir(exist_ok=True)
        self.postgres.create_database("template_erp")
        # One makes it, the others wait and take it: making it is two minutes of work.
        with dump.with_suffix(".lock").open("w") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            self._make_or_restore(dump)

    def _make_or_restore(self, dump: Path) -> None:
        at = ["-h", str(self.postgres.socket), "-U", "tester"]
        if dump.exists():
            self._run(self.postgres.binaries / "pg_restore", *at, "-d", "template_erp", dump)
            return
        (self._folder / "admin").write_text(ADMIN_PASSWORD)
        admin = {"TRYTONPASSFILE": str(self._folder / "admin")}
        self._run(
            self.python.with_name("trytond-admin"), "-c", self._config, "-d", "template_erp", "-u", "ir", "res",
            *MODULES, "--activate-dependencies", "--email", "admin@example.com", "-p", "-l", "en", environment=admin,
        )  # fmt: skip
        self._run(self.python, SEED, "template_erp", self._config, LOGIN, PASSWORD, ADMIN_PASSWORD)
        made = dump.with_suffix(f".{os.getpid()}")
        self._run(self.postgres.binaries / "pg_dump", *at, "-Fc", "-f", made, "template_erp")
        made.replace(dump)

    def _start(self):
        log = self._stack.enter_context((self._folder / "log").open("wb"))
        process = subprocess.Popen(
            [str(self.python.with_name("trytond")), "-c", str(self._config), "-d", DATABASE],
            env=self._environment,
            stdout=log,
            stderr=log,
        )
        self._stack.callback(process.wait)
        # Not asked to end: it waits for its threads, longer than a test worker is given, and it has nothing to save.
        self._stack.callback(process.kill)
        for _ in range(600):
            assert process.poll() is None, (self._folder / "log").read_text()
            try:
                urllib.request.urlopen(self.url, timeout=5).close()
            except urllib.error.HTTPError as error:
                error.close()
                return
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise AssertionError("Tryton did not start: " + (self._folder / "log").read_text())

    def _run(self, *command, environment=None):
        done = subprocess.run(
            [str(each) for each in command],
            env={**self._environment, **(environment or {})},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command[0]}: {done.stdout}\n{done.stderr}"
        sys.stderr.write(done.stdout)


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
