"""The prefilled Launchpad is an undocumented route: look for it in the bundle of the web server that is installed."""

from pathlib import Path

import dagster_webserver


def test_the_bundle_still_has_the_route_that_prefills_the_launchpad() -> None:
    assets = Path(dagster_webserver.__file__).parent / "webapp" / "build"
    scripts = [path.read_text(errors="replace") for path in assets.rglob("*.js")]
    assert scripts, "the web server brings no interface"
    assert any("playground/setup" in script for script in scripts)
    setup = [script for script in scripts if "runConfigYaml" in script and ".config" in script]
    assert setup, "the Launchpad no longer takes its configuration from the address: pin dagster-webserver"
