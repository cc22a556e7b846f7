"""One Dagster UI with the demo company for the browser tests of a module, and a headless Chromium to look at it."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from dagster_project.office import Office
from integrations.ledger.port import Ledger
from scripts import demo
from tests.browser.code_location import FOLDER_VARIABLE, office
from tests.support.programs import program

ROOT = Path(__file__).parents[2]
CHROMIUM_FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
RUNS = (
    "query ($job: String!) { runsOrError(filter: {pipelineName: $job}, limit: 1) { ... on Runs { results {"
    " runId status tags { key value } } } } }"
)
FAILURES = (
    "query ($runId: ID!) { logsForRun(runId: $runId) { ... on EventConnection { events { ... on"
    " ExecutionStepFailureEvent { error { message cause { message } } failureMetadata { description } } } } } }"
)


@dataclass(frozen=True, kw_only=True)
class Site:
    """Where the UI is, and the company behind it."""

    base: str
    office: Office

    def ledger(self) -> Ledger:
        from integrations.ledger import open_ledger

        return open_ledger(self.office.ledger_url)

    def last_run(self, job: str) -> dict[str, object]:
        results = json.loads(demo.ask(self.base, RUNS, job=f"{job}_halvemaan"))["data"]["runsOrError"]["results"]
        return results[0] if results else {"runId": None, "status": None, "tags": []}

    def why_failed(self, run_id: object) -> str:
        return demo.ask(self.base, FAILURES, runId=run_id)


def chromium() -> str:
    """Debian's browser; without one it is installed where that is possible, else the tests are skipped."""
    return program("chromium", "chromium", "fonts-dejavu-core", also=("chromium-browser", "google-chrome"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    executable = chromium()
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_FLAGS)
        yield started
        started.close()


@dataclass(frozen=True, kw_only=True)
class Served:
    """A UI that runs: its address, and the programs behind it."""

    base: str
    processes: dict[str, subprocess.Popen[bytes]]


def dagster_home(folder: Path) -> Path:
    """Dagster's own settings, as the demo has them."""
    home = folder / "dagster"
    for part in (home, folder / "logs"):
        part.mkdir(parents=True)
    (home / "dagster.yaml").write_text(demo.DAGSTER_YAML)
    return home


@contextmanager
def served(folder: Path) -> Iterator[Served]:
    """The UI of the company in this folder, for as long as the block lasts."""
    home = folder / "dagster"
    code_port, port = demo.free_port(0), demo.free_port(0)
    workspace = home / "workspace.yaml"
    workspace.write_text(demo.WORKSPACE_YAML.format(port=code_port))
    environment = {
        **os.environ, "DAGSTER_HOME": str(home), FOLDER_VARIABLE: str(folder), "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "ignore", "NO_PROXY": "127.0.0.1,localhost",
    }  # fmt: skip
    demo.make_storage(environment)
    commands = demo.commands("tests.browser.code_location", workspace, code_port, port)
    base = f"http://127.0.0.1:{port}"
    with demo.running(commands, environment, folder / "logs") as processes:
        demo.wait_until_ready(base, processes)
        yield Served(base=base, processes=processes)


@pytest.fixture(scope="module")
def site(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The UI after one night of the demo company. Asks for the browser first: without one nothing is started."""
    folder = tmp_path_factory.mktemp("site")
    dagster_home(folder)
    for part in (folder / "bank", folder / "erp" / "outbox"):
        part.mkdir(parents=True)
    shutil.copytree(demo.FIXTURES / "inbox", folder / "erp" / "inbox")
    with served(folder) as running:
        demo.night_in_the_ui(
            running.base,
            running.processes,
            lambda: shutil.copytree(demo.FIXTURES / "statements", folder / "bank", dirs_exist_ok=True),
        )
        yield Site(base=running.base, office=office(folder))


@pytest.fixture
def as_person(browser: Browser, site: Site) -> Iterator[Callable[[str], "Clerk"]]:
    """A browser window of somebody whom the proxy has signed in."""
    contexts = []

    def enter(name: str) -> Clerk:
        context = browser.new_context(
            viewport={"width": 1440, "height": 1000}, extra_http_headers={"X-Forwarded-User": name}
        )
        context.set_default_timeout(30_000)
        contexts.append(context)
        return Clerk(page=context.new_page(), site=site)

    yield enter
    for context in contexts:
        context.close()


@dataclass(kw_only=True)
class Clerk:
    """Somebody at the screen; every click is counted."""

    page: Page
    site: Site
    clicks: int = 0

    def open(self, asset: str) -> None:
        """Follow the bookmark of an asset's page."""
        self.page.goto(f"{self.site.base}/assets/halvemaan/{asset}")
        self.page.get_by_text("Metadata", exact=True).first.wait_for()
        self.clicks = 0

    def open_list(self, key: str) -> None:
        """Open one of the lists on the page."""
        row = self.page.locator("tr", has=self.page.get_by_text(key, exact=True))
        row.get_by_text("Show Markdown").click()
        self.clicks += 1
        self.page.get_by_role("dialog").or_(self.page.get_by_text("Close", exact=True)).first.wait_for()

    def choose(self, label: str, *, case_id: str = "") -> None:
        """Follow a link, in the row of a case where one is named."""
        place = self.page.locator("tr", has=self.page.get_by_text(case_id, exact=True)).last if case_id else self.page
        place.get_by_role("link", name=label).first.click()
        self.clicks += 1

    def fill(self, field: str, text: str) -> None:
        """Write between the quotes of a field of the form."""
        self.page.locator(".CodeMirror-line", has_text=f'{field}: ""').click()
        self.page.keyboard.press("End")
        self.page.keyboard.press("ArrowLeft")
        self.page.keyboard.type(text)

    def launch(self, job: str) -> dict[str, object]:
        """Press Launch Run and wait for the run's end."""
        before = self.site.last_run(job)["runId"]
        button = self.page.get_by_role("button", name="Launch Run")
        button.wait_for()
        expect(button).to_be_enabled(timeout=30_000)
        button.click()
        self.clicks += 1
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline:
            run = self.site.last_run(job)
            if run["runId"] != before and run["status"] in {"SUCCESS", "FAILURE"}:
                return run
            time.sleep(0.3)
        message = f"{job} did not end: {run}"
        raise AssertionError(message)
