"""The files in deploy/ started for real: PostgreSQL, Redis, a Celery worker, three services, a proxy in front.

What runs is what the units and the proxy's example say; only folders, ports and the code location are the test's own.
"""

import http.server
import os
import shutil
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from configparser import ConfigParser
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from integrations.ledger import open_ledger
from scripts import demo
from tests.dagster_project.deployed import FOLDER_VARIABLE, office
from tests.dagster_project.test_company import prepare, run
from tests.support.postgres import running_postgres
from tests.support.programs import free_port, program, running_redis, wait_for

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
BIN = Path(sys.executable).parent
pytestmark = [pytest.mark.celery, pytest.mark.postgresql, pytest.mark.slow]
TAGS = "query ($runId: ID!) { runOrError(runId: $runId) { ... on Run { status tags { key value } } } }"
STEPS = (
    "query ($runId: ID!) { logsForRun(runId: $runId) { ... on EventConnection { events { ... on MessageEvent"
    " { message } } } } }"
)


@dataclass(frozen=True, kw_only=True)
class Machines:
    """What the test has started, and where the company's files are."""

    direct: str
    proxy: str
    ledger_url: str
    folder: Path
    certificate: Path

    def browser(self, **cookies: str) -> httpx.Client:
        trusted = ssl.create_default_context(cafile=str(self.certificate))
        return httpx.Client(base_url=self.proxy, verify=trusted, cookies=cookies, timeout=30)


def command(unit: str, swaps: dict[str, str]) -> list[str]:
    """What a unit starts, with the test's folders and ports."""
    read = ConfigParser(strict=False, interpolation=None)
    read.optionxform = str  # type: ignore[assignment,method-assign]
    read.read(DEPLOY / "systemd" / unit)
    line = read["Service"]["ExecStart"]
    for ours, theirs in swaps.items():
        line = line.replace(ours, theirs)
    return line.split()


class SignIn(http.server.BaseHTTPRequestHandler):
    """As much of oauth2-proxy as nginx asks for: who is signed in, by a cookie; and the page to sign in."""

    def do_GET(self) -> None:
        name = self.headers.get("Cookie", "").partition("session=")[2].partition(";")[0]
        if self.path == "/oauth2/auth":
            self.send_response(202 if name else 401)
            if name:
                self.send_header("X-Auth-Request-Email", name)
            body = b""
        else:
            self.send_response(200)
            body = b"please sign in"
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    folder = tmp_path_factory.mktemp("deployed")
    home, etc = folder / "dagster", folder / "etc"
    for part in (home, etc, folder / "logs"):
        part.mkdir()
    prepare(folder)
    postgres_port, code_port, port, tls_port = (free_port() for _ in range(4))
    with ExitStack() as stack:
        redis = stack.enter_context(running_redis())
        server = stack.enter_context(running_postgres(postgres_port))
        server.create_database("dagster")
        environment = {
            **os.environ,
            **dict(line.split("=", 1) for line in (DEPLOY / "systemd" / "environment.example").read_text().splitlines()
                   if "=" in line and not line.startswith("#")),
            "DAGSTER_HOME": str(home), "DAGSTER_PG_PORT": str(postgres_port), "DAGSTER_PG_USER": "tester",
            "DAGSTER_PG_PASSWORD": "unused", "LETTRAGE_LEDGER": server.create_database("ledger"),
            "LETTRAGE_CELERY_BROKER": f"{redis}/0", "LETTRAGE_CELERY_BACKEND": f"{redis}/1",
            FOLDER_VARIABLE: str(folder), "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore",
            "PATH": f"{BIN}:/usr/bin:/bin", "NO_PROXY": "127.0.0.1,localhost",
        }  # fmt: skip
        shutil.copy(DEPLOY / "dagster.yaml", home)
        workspace = (DEPLOY / "workspace.yaml").read_text()
        assert "port: 4266" in workspace
        (home / "workspace.yaml").write_text(workspace.replace("port: 4266", f"port: {code_port}"))
        swaps = {
            "/opt/lettrage/.venv/bin": str(BIN), "/opt/lettrage/deploy": str(DEPLOY),
            "/var/lib/lettrage/dagster": str(home),
            "-m dagster_project.definitions": "-m tests.dagster_project.deployed",
            "--port 4266": f"--port {code_port}", "-p 3000": f"-p {port}", "%i": "one@test",
        }  # fmt: skip
        demo.make_storage(environment)
        units = ("code", "daemon", "web", "worker@")
        programs = {unit: command(f"lettrage-{unit}.service", swaps) for unit in units}
        processes = stack.enter_context(demo.running(programs, environment, folder / "logs"))
        demo.wait_until_ready(f"http://127.0.0.1:{port}", processes)
        sign_in = http.server.ThreadingHTTPServer(("127.0.0.1", 0), SignIn)
        stack.callback(sign_in.server_close)
        stack.callback(sign_in.shutdown)
        threading.Thread(target=sign_in.serve_forever, kwargs={"poll_interval": 0.05}).start()
        _start_proxy(stack, etc, tls_port, port, sign_in.server_port)
        yield Machines(
            direct=f"http://127.0.0.1:{port}", proxy=f"https://localhost:{tls_port}", folder=folder,
            ledger_url=environment["LETTRAGE_LEDGER"], certificate=etc / "lettrage.pem",
        )  # fmt: skip


def _start_proxy(stack: ExitStack, etc: Path, tls_port: int, port: int, sign_in_port: int) -> None:
    """Nginx with the example from deploy/ and a certificate of its own."""
    nginx = program("nginx", "nginx-light")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost", "-addext",
         "subjectAltName=DNS:localhost", "-keyout", etc / "lettrage.key", "-out", etc / "lettrage.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    example = (DEPLOY / "systemd" / "nginx.conf").read_text()
    for ours, theirs in {
        "listen 443": f"listen 127.0.0.1:{tls_port}", "/etc/ssl": str(etc), "lettrage.example": "localhost",
        "127.0.0.1:4180": f"127.0.0.1:{sign_in_port}", "127.0.0.1:3000": f"127.0.0.1:{port}",
    }.items():  # fmt: skip
        assert ours in example
        example = example.replace(ours, theirs)
    (etc / "site.conf").write_text(example)
    folders = "".join(
        f"{name}_temp_path {etc}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (etc / "nginx.conf").write_text(
        f"daemon off; pid {etc}/pid; error_log {etc}/error.log;\nevents {{}}\n"
        f"http {{ access_log off; {folders} include {etc}/site.conf; }}\n"
    )
    process = subprocess.Popen([nginx, "-c", etc / "nginx.conf", "-e", etc / "error.log"])
    stack.callback(process.wait, 10)
    stack.callback(process.terminate)
    wait_for(tls_port, process)


def launch(client: httpx.Client, tags: dict[str, str] | None = None, **headers: str) -> dict[str, object]:
    """Start the night through this client and wait for its end; the run with its tags."""
    job = {"repositoryLocationName": "lettrage", "repositoryName": "__repository__", "jobName": "nightly_halvemaan"}
    metadata = {"tags": [{"key": key, "value": one} for key, one in (tags or {}).items()]}
    parameters = {"selector": job, "runConfigData": {}, "executionMetadata": metadata}
    body = {"query": demo.LAUNCH, "variables": {"parameters": parameters}}
    answer = client.post("/graphql", json=body, headers=headers).raise_for_status().json()
    run_id = answer["data"]["launchRun"]["run"]["runId"]
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        asked = client.post("/graphql", json={"query": TAGS, "variables": {"runId": run_id}}).json()
        found = asked["data"]["runOrError"]
        if found["status"] in {"SUCCESS", "FAILURE", "CANCELED"}:
            told = {one["key"]: one["value"] for one in found["tags"]}
            return {"id": run_id, "status": found["status"], "tags": told}
        time.sleep(0.3)
    message = f"the night did not end: {found}"
    raise AssertionError(message)


def books(url: str) -> dict[str, list[object]]:
    """Everything that a night decides, without moments, run numbers and counters."""
    ledger = open_ledger(url)
    try:
        assert list(ledger.verify("halvemaan")) == []
        rows: dict[str, Iterator[object]] = {
            "allocated": (
                (row.payment.payment_id, row.allocation, row.rule, row.explanation, row.posting_key)
                for row in ledger.allocations("halvemaan")
            ),
            "items": ((row.item_id, row.open_amount, row.state) for row in ledger.item_statuses("halvemaan")),
            "open": (
                (one.case_id, one.kind, one.unallocated, one.why, one.suggestions)
                for one in ledger.all_open_exceptions("halvemaan")
            ),
            "ignored": ((row.payment.payment_id, row.reason) for row in ledger.ignored("halvemaan")),
            "posted": ((row.posting.key, row.state) for row in ledger.outbox("halvemaan")),
        }
        return {name: sorted(some, key=repr) for name, some in rows.items()}
    finally:
        ledger.close()


@pytest.fixture(scope="module")
def night(machines: Machines) -> dict[str, object]:
    """The night as Anna starts it, who would like the run to carry somebody else's name."""
    with machines.browser(session="anna@example.com") as anna:
        return launch(anna, {"user": "boss@example.com"}, **{"X-Forwarded-User": "boss@example.com"})


def test_a_night_on_celery_workers_keeps_the_same_books_as_one_in_one_process(
    machines: Machines, night: dict[str, object], tmp_path: Path
) -> None:
    assert night["status"] == "SUCCESS", (machines.folder / "logs" / "worker@.log").read_text()[-3000:]
    with machines.browser(session="ben@example.com") as ben:
        logged = ben.post("/graphql", json={"query": STEPS, "variables": {"runId": night["id"]}}).text
    # Every step went through Redis to the worker.
    for step in ("connections", "pull_halvemaan", "bank_statements", "allocations", "postings", "exceptions"):
        key = step if step.startswith("pull") else f"halvemaan__{step}"
        assert f"Executing steps {key} in celery worker" in logged
    alone = tmp_path / "alone"
    prepare(alone)
    single = office(alone, executor="in_process", ledger_env=None, ledger="sqlite:///lettrage.db")
    assert run(single, "nightly").success
    assert books(machines.ledger_url) == books(single.ledger_url)
    for part in ("allocations.csv", "exceptions.csv", "item_status.csv"):
        assert (machines.folder / "outbox" / part).read_bytes() == (alone / "outbox" / part).read_bytes()


def test_the_proxy_lets_nobody_in_who_has_not_signed_in(machines: Machines) -> None:
    with machines.browser() as stranger:
        page = stranger.get("/assets/halvemaan/exceptions", headers={"X-Forwarded-User": "boss@example.com"})
        assert (page.status_code, page.text) == (401, "please sign in")
        asked = stranger.post(
            "/graphql", json={"query": "{ version }"}, headers={"X-Forwarded-User": "boss@example.com"}
        )
        assert asked.status_code == 401
    with machines.browser(session="anna@example.com") as anna:
        assert anna.get("/server_info").json()["dagster_webserver_version"]


def test_a_run_carries_the_name_that_the_proxy_knows_and_no_other(night: dict[str, object]) -> None:
    assert night["tags"]["user"] == "anna@example.com"  # type: ignore[index]
