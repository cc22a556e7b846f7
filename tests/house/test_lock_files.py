"""The lock files install on the oldest Python we promise, Debian 12's, not only on the one that runs the tests."""

import re
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import cast

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
OLDEST = "3.11.2"
PIN = re.compile(r"^([A-Za-z0-9_.-]+)(?:\[[^\]]*\])?==(\S+)", re.MULTILINE)


def pinned(lock: str) -> dict[str, str]:
    """Name and version of each library in a lock file."""
    return {canonicalize_name(name): version for name, version in PIN.findall((ROOT / lock).read_text())}


def installed_as_pinned(pins: dict[str, str]) -> Iterator[Distribution]:
    for one in distributions():
        if pins.get(canonicalize_name(one.metadata["Name"])) == one.version:
            yield one


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_each_library_takes_the_oldest_python_and_finds_there_what_it_asks_for(lock: str) -> None:
    pins = pinned(lock)
    known = list(installed_as_pinned(pins))
    assert len(known) > len(pins) * 0.9, "the environment is not the one of the lock files: run make test"
    there = {**cast("dict[str, str]", default_environment()), "python_full_version": OLDEST, "python_version": "3.11"}
    for one in known:
        name = one.metadata["Name"]
        assert SpecifierSet(one.metadata["Requires-Python"] or "").contains(OLDEST), f"{name} refuses Python {OLDEST}"
        for text in one.requires or []:
            wanted = Requirement(text)
            if wanted.marker is None or wanted.marker.evaluate({**there, "extra": ""}):
                missing = f"{name} asks for {wanted.name} on Python {OLDEST}; see scripts/oldest-python.in"
                assert canonicalize_name(wanted.name) in pins, missing
