"""A night whose database runs out of disk, or loses it: a clear error, and the next night makes good for it."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from integrations.erp.flatfile.connector import FlatFileConnector
from integrations.ledger import open_ledger
from integrations.ledger.errors import LedgerUnavailable
from integrations.services.sync import sync
from tests.scenarios.test_crash import RUN, Place, night, prepare, settings, told
from tests.support.postgres import Postgres
from tests.support.small_disk import SmallDisk, small_disk

pytestmark = pytest.mark.slow
MANY = 600


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def disk_and_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[SmallDisk, str]]:
    """A database on a disk of its own."""
    if request.param == "sqlite":
        with small_disk(tmp_path / "disk", megabytes=24) as disk:
            yield disk, f"sqlite:///{disk.folder / 'lettrage.db'}"
        return
    server: Postgres = request.getfixturevalue("postgres")
    with small_disk(server.socket / "small", megabytes=48) as disk:
        owner = server.socket.stat()
        os.chown(disk.folder, owner.st_uid, owner.st_gid)
        server.execute(f"CREATE TABLESPACE small LOCATION '{disk.folder}'")
        server.execute('CREATE DATABASE small TEMPLATE "ledger_template" TABLESPACE small')
        yield disk, server.url("small")
        server.drop_database("small")
        server.execute("DROP TABLESPACE small")


def with_many_entries(folder: Path) -> None:
    """A day with thousands of charges, each with a long text."""
    lines = [":20:MANY", ":25:NL20INGB0001234567", ":28C:00003/001", ":60F:C260303EUR1584,50"]
    for number in range(MANY):
        lines += [
            f":61:2603040304D0,01NCHGNONREF//M{number:05}",
            f":86:bank charges {number:05} " + "for the month " * 12,
        ]
    lines.append(f":62F:C260304EUR{1584.5 - MANY / 100:.2f}".replace(".", ","))
    (folder / "bank" / "third.sta").write_text("\n".join(lines) + "\n")


def undisturbed(folder: Path) -> dict[str, object]:
    """What the books and files say after a night in peace."""
    url = f"sqlite:///{folder / 'lettrage.db'}"
    prepare(folder / "company", url)
    with_many_entries(folder / "company")
    night(folder / "company", url)
    return told(Place(folder / "company", url, lambda: None))


def test_the_disk_runs_full_in_the_night(disk_and_url: tuple[SmallDisk, str], tmp_path: Path) -> None:
    disk, url = disk_and_url
    folder = tmp_path / "company"
    prepare(folder, url)
    with_many_entries(folder)
    disk.fill(leaving=300_000)
    with pytest.raises(LedgerUnavailable, match=r"(full|No space left).*Nothing of this unit of work stayed.*space"):
        night(folder, url)
    disk.make_room()
    night(folder, url)
    assert told(Place(folder, url, lambda: None)) == undisturbed(tmp_path / "in_peace")


def test_the_disk_becomes_read_only_in_the_night(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", megabytes=24) as disk:
        url, folder = f"sqlite:///{disk.folder / 'lettrage.db'}", tmp_path / "company"
        prepare(folder, url)
        ledger = open_ledger(url)
        ledger.close()
        disk.remount("ro")
        with pytest.raises(LedgerUnavailable, match="put the database right"):
            night(folder, url)
        disk.remount("rw")
        night(folder, url)
        expected = tmp_path / "in_peace"
        prepare(expected, f"sqlite:///{tmp_path / 'peace.db'}")
        night(expected, f"sqlite:///{tmp_path / 'peace.db'}")
        peace = told(Place(expected, f"sqlite:///{tmp_path / 'peace.db'}", lambda: None))
        assert told(Place(folder, url, lambda: None)) == peace


@pytest.mark.parametrize("how", ["deleted", "replaced by an older copy"])
def test_the_database_file_goes_away_in_the_night(tmp_path: Path, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite would go on writing into a file that nobody can find any more, and begin an empty one the next time."""
    folder, path = tmp_path / "company", tmp_path / "lettrage.db"
    prepare(folder, str(path))
    shutil.copy(path, tmp_path / "older.db")
    pull = FlatFileConnector.pull_open_items

    def gone(connector: FlatFileConnector, cursor: str | None) -> object:
        path.rename(tmp_path / "away.db")
        if how != "deleted":
            shutil.copy(tmp_path / "older.db", path)
        return pull(connector, cursor)

    monkeypatch.setattr(FlatFileConnector, "pull_open_items", gone)
    ledger = open_ledger(str(path))
    with pytest.raises(LedgerUnavailable, match=r"moved, replaced or deleted while it was in use.*Put the file back"):
        sync(settings(folder), ledger, RUN)
    with pytest.raises(LedgerUnavailable, match="moved, replaced or deleted"):
        list(ledger.open_items("acme"))
    ledger.close()
    monkeypatch.undo()
    # Put back, with what stands beside it, the next night does the whole work.
    path.unlink(missing_ok=True)
    (tmp_path / "away.db").rename(path)
    night(folder, str(path))
    expected = tmp_path / "in_peace"
    prepare(expected, str(tmp_path / "peace.db"))
    night(expected, str(tmp_path / "peace.db"))
    assert told(Place(folder, str(path), lambda: None)) == told(
        Place(expected, str(tmp_path / "peace.db"), lambda: None)
    )
