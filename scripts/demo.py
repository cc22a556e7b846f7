"""`make demo`: loads the demo company, runs one night, and serves the Dagster UI on this machine only.

Everything it makes is in .demo/. Starting again is quick: what is loaded stays, with all that was cleared. `--fresh`
starts over. Ctrl+C ends every process that was started.
"""

import argparse
import contextlib
import ctypes
import getpass
import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FIXTURES = ROOT / "fixtures" / "demo"
STATE = ROOT / ".demo"
HOME = STATE / "dagster"
COMPANY = "halvemaan"
PREFERRED_PORT = 3000
READY_WITHIN = 120
NIGHT_WITHIN = 600
LOGS = STATE / "logs"
STAMP = STATE / "loaded"

DAGSTER_YAML = """\
telemetry: {enabled: false}
nux: {enabled: false}
run_coordinator:
  module: dagster_project.attribution
  class: UserRunCoordinator
  config: {dequeue_interval_seconds: 1}
concurrency:
  pools: {default_limit: 1, granularity: op}
"""
WORKSPACE_YAML = """\
load_from:
  - grpc_server: {{host: 127.0.0.1, port: {port}, location_name: lettrage}}
"""
JOBS_QUERY = (
    "{ workspaceOrError { ... on Workspace { locationEntries { locationOrLoadError {"
    " ... on RepositoryLocation { repositories { jobs { name } } } } } } } }"
)
LAUNCH = (
    "mutation ($parameters: ExecutionParams!) { launchRun(executionParams: $parameters) {"
    " ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } ... on RunConfigValidationInvalid"
    " { errors { message } } } }"
)
STATUS = "query ($runId: ID!) { runOrError(runId: $runId) { ... on Run { status } } }"
CLICKS = """\
  The demo company is loaded. Open

    {base}/assets/{company}/exceptions

  1. This is the worklist. `todo` says how much there is; follow its link, then "Launch Run": all good
     suggestions are accepted in one run.
  2. At `list_01`, press "Show Markdown": the most urgent cases, each with links. "Accept" opens the
     Launchpad with the whole case above the fields; press "Launch Run".
  3. {base}/assets/{company}/allocations says why each payment was
     allocated as it was, with a link to undo it.
  4. {base}/jobs is where nightly_{company} starts another night.

  What was posted: .demo/erp/outbox. The worklist as a spreadsheet: .demo/worklist.
  Ctrl+C ends the demo; `make demo` goes on where you stopped.
"""


def main() -> int:
    """Prepare, serve, wait for Ctrl+C."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--fresh", action="store_true", help="forget what was cleared and load the company anew")
    parser.add_argument("--port", type=int, default=0, help=f"where to serve; default {PREFERRED_PORT} if it is free")
    parser.add_argument("--prepare-only", action="store_true", help="load the company and run the night, serve nothing")
    arguments = parser.parse_args()
    os.chdir(ROOT)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        loaded = prepare(fresh=arguments.fresh)
        if arguments.prepare_only:
            if not loaded:
                night_in_this_process()
        else:
            serve(arguments.port or free_port(PREFERRED_PORT), run_night=not loaded)
    except KeyboardInterrupt:
        print("\nThe demo has ended.", flush=True)
    return 0


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


# -- preparing ------------------------------------------------------------------------------------------------------


def prepare(*, fresh: bool) -> bool:
    """Lay out the demo company's files; says whether its night was run before with the same data."""
    if not fresh and STAMP.exists() and STAMP.read_text() == _digest():
        _write_settings()
        return True
    shutil.rmtree(STATE, ignore_errors=True)
    shutil.copytree(FIXTURES / "inbox", STATE / "erp" / "inbox")
    (STATE / "erp" / "outbox").mkdir()
    (STATE / "bank").mkdir()
    _write_settings()
    return False


def deliver_statements() -> None:
    """What the banks send. Only when the night is on, else the sensor for statements by day would be first."""
    shutil.copytree(FIXTURES / "statements", STATE / "bank", dirs_exist_ok=True)


def night_in_this_process() -> None:
    """Run the night without the UI. Raises SystemExit when it fails."""
    deliver_statements()
    command = [sys.executable, str(ROOT / "scripts" / "one_night.py"), COMPANY]
    night = subprocess.run(command, env=environment(), check=False, capture_output=True, text=True)
    if night.returncode != 0:
        sys.stderr.write(night.stdout[-4000:] + night.stderr[-4000:])
        message = "lettrage: the night of the demo company failed, see above"
        raise SystemExit(message)
    print(night.stdout.strip(), flush=True)
    STAMP.write_text(_digest())


def _digest() -> str:
    digest = hashlib.sha256()
    for path in sorted(FIXTURES.rglob("*")):
        if path.is_file():
            digest.update(path.relative_to(FIXTURES).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()


def _write_settings() -> None:
    HOME.mkdir(parents=True, exist_ok=True)
    LOGS.mkdir(parents=True, exist_ok=True)
    (HOME / "dagster.yaml").write_text(DAGSTER_YAML)


def environment() -> dict[str, str]:
    """The environment of all that is started: Dagster's home in .demo/, and whose name runs carry."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError):
        name = "demo"
    return {
        **os.environ,
        "DAGSTER_HOME": str(HOME),
        "LETTRAGE_SINGLE_USER": name,
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "ignore",
        # Children are asked for plain logs; a proxy for the outside world is none for this machine.
        "NO_PROXY": "127.0.0.1,localhost",
    }


def make_storage(variables: dict[str, str]) -> None:
    """Make Dagster's tables before three programs try it at once. Raises CalledProcessError."""
    touch = (
        "import dagster; one = dagster.DagsterInstance.get();"
        "one.get_runs_count(); one.all_asset_keys(); one.all_instigator_state()"
    )
    subprocess.run([sys.executable, "-c", touch], env=variables, check=True)


# -- serving --------------------------------------------------------------------------------------------------------


def serve(port: int, *, run_night: bool) -> None:
    """Code server, daemon and web server, until Ctrl+C; then none of them is left."""
    code_port = free_port(0)
    workspace = HOME / "workspace.yaml"
    workspace.write_text(WORKSPACE_YAML.format(port=code_port))
    programs = commands("dagster_project.definitions", workspace, code_port, port)
    if not (HOME / "history").exists():
        make_storage(environment())
    with running(programs, environment(), LOGS) as processes:
        base = f"http://127.0.0.1:{port}"
        print("Starting the Dagster UI ...", flush=True)
        wait_until_ready(base, processes)
        if run_night:
            print("Running the night of the demo company ...", flush=True)
            night_in_the_ui(base, processes, deliver_statements)
            STAMP.write_text(_digest())
        print(CLICKS.format(base=base, company=COMPANY), flush=True)
        while True:
            time.sleep(0.5)
            _all_alive(processes)


def commands(module: str, workspace: Path, code_port: int, port: int) -> dict[str, list[str]]:
    """What is started: the code server for this module, the daemon, the web server; all on this machine only."""
    python = [sys.executable, "-m"]
    return {
        "code-server": [
            *python,
            *("dagster", "api", "grpc", "-m", module, "--location-name", "lettrage"),
            *("--host", "127.0.0.1", "--port", str(code_port)),
        ],
        "daemon": [*python, "dagster._daemon", "run", "-w", str(workspace)],
        "webserver": [*python, "dagster_webserver", "-h", "127.0.0.1", "-p", str(port), "-w", str(workspace)],
    }


@contextlib.contextmanager
def running(
    programs: dict[str, list[str]], variables: dict[str, str], logs: Path
) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """Start the programs, each in a group of its own, and end the groups whole afterwards."""
    processes: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for name, command in programs.items():
            with (logs / f"{name}.log").open("wb") as log:
                processes[name] = subprocess.Popen(
                    command, env=variables, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                    start_new_session=True, preexec_fn=_end_with_parent,  # noqa: PLW1509 - only one system call
                )  # fmt: skip
        yield processes
    finally:
        end(list(processes.values()))


def end(processes: list[subprocess.Popen[bytes]], patience: float = 8.0) -> None:
    """End each program with all that it started: asked first, then made to."""
    previous = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        for how, wait in ((signal.SIGTERM, patience), (signal.SIGKILL, 5.0)):
            for process in processes:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, how)
            deadline = time.monotonic() + wait
            while time.monotonic() < deadline and any(_group_lives(process) for process in processes):
                time.sleep(0.1)
    finally:
        signal.signal(signal.SIGINT, previous)


def _group_lives(process: subprocess.Popen[bytes]) -> bool:
    process.poll()
    try:
        os.killpg(process.pid, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _end_with_parent() -> None:
    """On Linux: when this script is killed outright, its programs get a signal all the same."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def ask(base: str, query: str, **variables: object) -> str:
    """The answer of the UI's GraphQL interface as JSON text. Raises OSError."""
    body = json.dumps({"query": query, "variables": variables}).encode()
    request = urllib.request.Request(  # noqa: S310 - our own address
        f"{base}/graphql", body, {"Content-Type": "application/json"}
    )
    # A proxy for the outside world is none for this machine.
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20) as answer:
        return str(answer.read().decode())


def wait_until_ready(base: str, processes: dict[str, subprocess.Popen[bytes]]) -> None:
    """Wait until the UI answers and has loaded the code location. Raises SystemExit."""
    deadline = time.monotonic() + READY_WITHIN
    while time.monotonic() < deadline:
        _all_alive(processes)
        with contextlib.suppress(OSError):
            if f"nightly_{COMPANY}" in ask(base, JOBS_QUERY):
                return
        time.sleep(0.3)
    message = f"lettrage: the Dagster UI was not ready within {READY_WITHIN} s; its logs are in {LOGS}"
    raise SystemExit(message)


def night_in_the_ui(base: str, processes: dict[str, subprocess.Popen[bytes]], deliver: Callable[[], object]) -> None:
    """Launch the nightly job as a person would, and wait for its end. Raises SystemExit when it fails."""
    job = {"repositoryLocationName": "lettrage", "repositoryName": "__repository__", "jobName": f"nightly_{COMPANY}"}
    launched = json.loads(ask(base, LAUNCH, parameters={"selector": job, "runConfigData": {}}))
    run_id = launched["data"]["launchRun"].get("run", {}).get("runId")
    deliver()
    deadline = time.monotonic() + NIGHT_WITHIN
    while run_id and time.monotonic() < deadline:
        _all_alive(processes)
        status = json.loads(ask(base, STATUS, runId=run_id))["data"]["runOrError"].get("status")
        if status == "SUCCESS":
            return
        if status in {"FAILURE", "CANCELED"}:
            break
        time.sleep(0.5)
    message = (
        f"lettrage: the night of the demo company failed: {base}/runs/{run_id or ''} {launched if not run_id else ''}"
    )
    raise SystemExit(message)


def _all_alive(processes: dict[str, subprocess.Popen[bytes]]) -> None:
    for name, process in processes.items():
        if process.poll() is not None:
            message = f"lettrage: the {name} has stopped by itself; its log is in {LOGS}"
            raise SystemExit(message)


def free_port(preferred: int) -> int:
    """The preferred port if nobody listens there, else any free one."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", preferred))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
