"""Files arrive, wait while half written, and leave for the archive under their hash."""

import os
from datetime import UTC, datetime, timedelta

import fsspec
import pytest

from integrations.inbox.arrivals import Inbox, InboxUnreachable, sha256_of

NOW = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)


def inbox(folder, **more):
    return Inbox(address=str(folder), options={}, **more)


def test_files_come_in_order_of_name_and_hidden_or_unfinished_ones_wait(tmp_path):
    for name in ("b.sta", "a.xml", ".hidden", "c.ofx.part", "d.tmp"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "folder").mkdir()
    assert [one.name for one in inbox(tmp_path).arrivals(NOW)] == ["a.xml", "b.sta"]


def test_a_file_written_a_moment_ago_waits_until_it_has_settled(tmp_path):
    (tmp_path / "a.sta").write_bytes(b"x")
    os.utime(tmp_path / "a.sta", (NOW.timestamp(), NOW.timestamp()))
    patient = inbox(tmp_path, settle_seconds=60)
    assert patient.arrivals(NOW + timedelta(seconds=59)) == []
    assert [one.name for one in patient.arrivals(NOW + timedelta(seconds=60))] == ["a.sta"]


def test_a_folder_that_is_not_there_is_said_by_name(tmp_path):
    with pytest.raises(InboxUnreachable, match="no such folder"):
        inbox(tmp_path / "nowhere").arrivals(NOW)


def test_an_unknown_kind_of_address_is_said_by_name():
    with pytest.raises(InboxUnreachable, match="cannot be opened"):
        inbox("carrier-pigeon://roof").arrivals(NOW)


def test_putting_away_twice_is_once(tmp_path):
    source, archive = tmp_path / "in", tmp_path / "archive"
    source.mkdir()
    for _ in range(2):
        (source / "a.sta").write_bytes(b"statement")
        box = inbox(source, archive=str(archive))
        (arrival,) = box.arrivals(NOW)
        path, sha256 = box.fetch(arrival, tmp_path)
        assert sha256 == sha256_of(path)
        box.put_away(arrival, sha256)
    assert list(source.iterdir()) == []
    assert [one.name for one in archive.rglob("*.sta")] == [f"{sha256}.sta"]


def test_any_address_that_fsspec_knows_will_do(tmp_path):
    memory = fsspec.filesystem("memory")
    memory.makedirs("/bank/in", exist_ok=True)
    memory.pipe("/bank/in/a.sta", b"statement")
    box = Inbox(address="memory:///bank/in", options={}, archive="memory:///bank/archive")
    (arrival,) = box.arrivals(NOW)
    path, sha256 = box.fetch(arrival, tmp_path)
    assert path.read_bytes() == b"statement"
    box.put_away(arrival, sha256)
    assert box.arrivals(NOW) == []
    assert memory.cat(f"/bank/archive/{sha256[:2]}/{sha256}.sta") == b"statement"
