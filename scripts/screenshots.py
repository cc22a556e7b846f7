"""Takes the pictures in docs/images from the demo company; look at them before committing.

Needs Chromium. Starts the demo by itself, from the beginning, and ends it again.
"""

import os
import shutil
import sys
from pathlib import Path

import demo
from playwright.sync_api import Page, sync_playwright

IMAGES = demo.ROOT / "docs" / "images"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync"]  # fmt: skip
SIZE = {"width": 1440, "height": 900}


def main() -> int:
    """Prepare the demo, photograph it, leave nothing running."""
    executable = shutil.which("chromium") or shutil.which("google-chrome")
    if executable is None:
        print("lettrage: no Chromium found; install the package chromium", file=sys.stderr)
        return 2
    os.chdir(demo.ROOT)
    demo.prepare(fresh=True)
    port, code_port = demo.free_port(0), demo.free_port(0)
    workspace = demo.HOME / "workspace.yaml"
    workspace.write_text(demo.WORKSPACE_YAML.format(port=code_port))
    demo.make_storage(demo.environment())
    programs = demo.commands("dagster_project.definitions", workspace, code_port, port)
    base = f"http://127.0.0.1:{port}"
    IMAGES.mkdir(parents=True, exist_ok=True)
    with demo.running(programs, demo.environment(), demo.LOGS) as processes, sync_playwright() as playwright:
        demo.wait_until_ready(base, processes)
        demo.night_in_the_ui(base, processes, demo.deliver_statements)
        demo.STAMP.write_text(demo._digest())
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        page = browser.new_context(viewport=SIZE).new_page()
        photograph(page, base)
        browser.close()
    return 0


def photograph(page: Page, base: str) -> None:
    """Each picture of the pages in docs/."""
    company = f"{base}/assets/{demo.COMPANY}"
    page.goto(f"{company}/exceptions")
    page.get_by_text("open cases").first.wait_for()
    page.wait_for_timeout(2_000)
    shot(page, "worklist")
    page.get_by_text("Show Markdown").first.click()
    page.get_by_role("link", name="Accept", exact=True).first.wait_for()
    to_the_top_of_the_list(page)
    shot(page, "list")
    page.get_by_role("link", name="Accept", exact=True).first.click()
    page.get_by_role("button", name="Launch Run").wait_for()
    page.wait_for_timeout(3_000)
    shot(page, "form")
    page.goto(f"{company}/allocations")
    page.get_by_text("automatic_percent").first.wait_for()
    page.wait_for_timeout(2_000)
    # Down to the lists; what follows them are folders of the machine the pictures are taken on.
    page.get_by_text("latest_01").first.evaluate("row => row.scrollIntoView({block: 'end'})")
    page.wait_for_timeout(500)
    shot(page, "allocations")
    page.get_by_role("row", name="to_audit").get_by_text("Show Markdown").click()
    page.get_by_role("link", name="Undo", exact=True).first.wait_for()
    to_the_top_of_the_list(page)
    shot(page, "why")
    page.goto(f"{base}/asset-groups")
    page.wait_for_timeout(4_000)
    page.keyboard.press("Escape")
    shot(page, "graph")


def to_the_top_of_the_list(page: Page) -> None:
    """Dagster opens a long list at its end, where the button is; what is most urgent stands at the top."""
    page.wait_for_timeout(1_000)
    page.get_by_role("columnheader", name="Because").or_(
        page.get_by_role("columnheader", name="Decide")
    ).first.scroll_into_view_if_needed()
    page.wait_for_timeout(500)


def shot(page: Page, name: str) -> None:
    """One picture, named for what it shows."""
    page.screenshot(path=str(IMAGES / f"{name}.png"))
    print(Path("docs") / "images" / f"{name}.png")


if __name__ == "__main__":
    sys.exit(main())
