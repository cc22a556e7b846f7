"""Every test of the ledger runs on SQLite and on a PostgreSQL that the tests start themselves."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest

from integrations.ledger import open_ledger
from integrations.ledger.port import Ledger
from tests.integrations.ledger.story import lived_in
from tests.support.postgres import Postgres, running_postgres

_numbers = count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with running_postgres() as server:
        server.create_database("ledger_template")
        open_ledger(server.url("ledger_template")).close()
        yield server


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ledger") / "template.db"
    open_ledger(str(path)).close()
    return path


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database(request: pytest.FixtureRequest) -> str:
    """Which of the two databases the test runs on."""
    return str(request.param)


@pytest.fixture
def ledger_url(database: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty ledger of this Lettrage."""
    yield from _copy(database, request, tmp_path, empty=True)


@pytest.fixture
def lived_in_url(database: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a ledger in which everything has happened once, see `story.lived_in`."""
    yield from _copy(database, request, tmp_path, empty=False)


def _copy(database: str, request: pytest.FixtureRequest, folder: Path, *, empty: bool) -> Iterator[str]:
    if database == "sqlite":
        path = folder / "ledger.db"
        shutil.copy(request.getfixturevalue("sqlite_template" if empty else "sqlite_lived_in"), path)
        yield f"sqlite:///{path}"
        return
    server: Postgres = request.getfixturevalue("postgres" if empty else "postgres_lived_in")
    name = f"ledger_{next(_numbers)}"
    yield server.create_database(name, template="ledger_template" if empty else "ledger_lived_in")
    server.drop_database(name)


@pytest.fixture(scope="session")
def sqlite_lived_in(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ledger") / "lived_in.db"
    shutil.copy(sqlite_template, path)
    _live_in(str(path))
    return path


@pytest.fixture(scope="session")
def postgres_lived_in(postgres: Postgres) -> Postgres:
    _live_in(postgres.create_database("ledger_lived_in", template="ledger_template"))
    return postgres


def _live_in(url: str) -> None:
    opened = open_ledger(url)
    lived_in(opened)
    opened.close()


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    opened = open_ledger(ledger_url, wait=timedelta(seconds=20))
    yield opened
    opened.close()


@pytest.fixture
def lived_in_ledger(lived_in_url: str) -> Iterator[Ledger]:
    opened = open_ledger(lived_in_url, wait=timedelta(seconds=20))
    yield opened
    opened.close()
