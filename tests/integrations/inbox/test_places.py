"""The same laws for every place where statements arrive: a folder, SFTP, an object store, anything fsspec knows."""

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import fsspec
import pytest
from moto.server import ThreadedMotoServer

from integrations.config.settings import BankSettings, CompanySettings
from integrations.inbox.arrivals import ArrivalGone, Inbox, InboxUnreachable, sha256_of
from integrations.ledger import open_ledger
from integrations.services.context import Run
from integrations.services.ingest import import_statements, inbox_of
from tests.support.sftp import PASSWORD, USER, Sftp, running_sftp

DEMO = Path(__file__).parents[3] / "fixtures" / "demo"
ENVIRONMENT = {"BANK_USER": USER, "BANK_PASSWORD": PASSWORD, "S3_KEY": "AKIDEXAMPLE", "S3_SECRET": "wJalrXUtnFEMI"}


@dataclass(kw_only=True)
class Place:
    """One kind of place: how the bank's settings name it, and how the test puts files there."""

    settings: dict[str, Any]
    archive: str
    system: Any
    root: str
    sftp: Sftp | None = None
    secrets: list[str] = field(default_factory=list)

    def bank(self, **more: Any) -> BankSettings:
        return BankSettings.model_validate({**self.settings, "archive": self.archive, "settle_seconds": 0, **more})

    def inbox(self, **more: Any) -> Inbox:
        return inbox_of(self.bank(**more), ENVIRONMENT)

    def put(self, name: str, content: bytes) -> None:
        self.system.pipe(f"{self.root}/{name}", content)

    def names(self) -> list[str]:
        self.system.invalidate_cache()
        return sorted(path.rpartition("/")[2] for path in self.system.find(self.root))


@pytest.fixture(scope="module")
def object_store() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(params=["folder", "sftp", "s3", "memory"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    here = tmp_path / "bank"
    here.mkdir()
    archive, local = str(tmp_path / "archive"), fsspec.filesystem("file")
    match request.param:
        case "folder":
            yield Place(settings={"inbox": str(here)}, archive=archive, system=local, root=str(here))
        case "sftp":
            (tmp_path / "known_hosts").touch()
            with running_sftp(tmp_path) as server:
                (tmp_path / "known_hosts").write_text(server.known_host + "\n")
                settings = {
                    "inbox": f"sftp://127.0.0.1:{server.port}/bank",
                    "options": {"known_hosts": str(tmp_path / "known_hosts")},
                    "options_env": {"username": "BANK_USER", "password": "BANK_PASSWORD"},
                }
                yield Place(
                    settings=settings, archive=archive, system=local, root=str(here), sftp=server, secrets=[PASSWORD]
                )
        case "s3":
            store = request.getfixturevalue("object_store")
            signed = {"aws_access_key_id": ENVIRONMENT["S3_KEY"], "aws_secret_access_key": ENVIRONMENT["S3_SECRET"]}
            bucket = f"bank-{time.monotonic_ns()}"
            boto3.client("s3", endpoint_url=store, region_name="us-east-1", **signed).create_bucket(Bucket=bucket)
            options = {"key": ENVIRONMENT["S3_KEY"], "secret": ENVIRONMENT["S3_SECRET"], "endpoint_url": store}
            yield Place(
                settings={
                    "inbox": f"s3://{bucket}/in",
                    "options": {"endpoint_url": store},
                    "options_env": {"key": "S3_KEY", "secret": "S3_SECRET"},
                },
                archive=f"s3://{bucket}/archive",
                system=fsspec.filesystem("s3", skip_instance_cache=True, **options),
                root=f"{bucket}/in",
                secrets=[ENVIRONMENT["S3_SECRET"]],
            )  # fmt: skip
        case "memory":
            memory = fsspec.filesystem("memory")
            root = f"/{tmp_path.name}/in"
            memory.makedirs(root)
            yield Place(
                settings={"inbox": f"memory:/{root}"},
                archive=f"memory://{tmp_path.name}/archive",
                system=memory,
                root=root,
            )


def now() -> datetime:
    return datetime.now(UTC)


def test_a_file_goes_to_the_archive_under_its_hash(place: Place, tmp_path: Path) -> None:
    place.put("a.sta", b"statement")
    with place.inbox() as inbox:
        (arrival,) = inbox.arrivals(now())
        assert (arrival.name, arrival.size) == ("a.sta", 9)
        local, sha256 = inbox.fetch(arrival, tmp_path)
        assert local.read_bytes() == b"statement"
        assert sha256 == sha256_of(local)
        inbox.put_away(arrival, sha256)
        assert inbox.arrivals(now()) == []
        system, root = inbox._place(place.archive)
        assert system.cat(f"{root}/{sha256[:2]}/{sha256}.sta") == b"statement"


def test_what_arrives_later_is_seen_by_the_same_and_by_a_new_look(place: Place) -> None:
    place.put("a.sta", b"one")
    with place.inbox() as inbox:
        assert [one.name for one in inbox.arrivals(now())] == ["a.sta"]
        place.put("b.sta", b"two")
        assert [one.name for one in inbox.arrivals(now())] == ["a.sta", "b.sta"]
    with place.inbox() as inbox:
        assert [one.name for one in inbox.arrivals(now())] == ["a.sta", "b.sta"]


def test_half_written_files_wait(place: Place) -> None:
    for name in ("a.sta", "b.sta.part", "c.filepart", ".d.sta"):
        place.put(name, b"half")
    if place.root.startswith("/") and place.system.protocol != "memory":
        with place.inbox(settle_seconds=3600) as inbox:
            assert inbox.arrivals(now()) == []
            assert [one.name for one in inbox.arrivals(now() + timedelta(hours=2))] == ["a.sta"]
    with place.inbox() as inbox:
        assert [one.name for one in inbox.arrivals(now())] == ["a.sta"]


def test_a_file_that_goes_away_after_the_listing_is_somebody_elses(place: Place, tmp_path: Path) -> None:
    place.put("a.sta", b"one")
    place.put("b.sta", b"two")
    with place.inbox() as inbox:
        first, second = inbox.arrivals(now())
        place.system.rm(f"{place.root}/a.sta")
        with pytest.raises(ArrivalGone):
            inbox.fetch(first, tmp_path)
        _, sha256 = inbox.fetch(second, tmp_path)
        place.system.mv(f"{place.root}/b.sta", f"{place.root}/renamed.sta")
        inbox.put_away(second, sha256)
    assert place.names() == ["renamed.sta"]


def test_a_file_that_the_bank_replaced_meanwhile_stays(place: Place, tmp_path: Path) -> None:
    place.put("a.sta", b"the first version")
    with place.inbox() as inbox:
        (arrival,) = inbox.arrivals(now())
        _, sha256 = inbox.fetch(arrival, tmp_path)
        place.put("a.sta", b"the second version, longer")
        inbox.put_away(arrival, sha256)
    assert place.names() == ["a.sta"]


def test_a_place_that_cannot_be_reached_is_said_without_its_secrets(place: Place, tmp_path: Path) -> None:
    wrong = {"BANK_USER": USER, "BANK_PASSWORD": "not-hunter2", "S3_KEY": "AKID", "S3_SECRET": "wrong-secret"}
    # An object store has no folders; there it is the bucket that is missing.
    settings = place.bank(inbox=place.settings["inbox"].replace("/in", "x/in") + "/nowhere")
    for environment in (ENVIRONMENT, wrong):
        with pytest.raises(InboxUnreachable) as said, inbox_of(settings, environment) as inbox:
            inbox.arrivals(now())
        assert settings.inbox in str(said.value)
        for held in (*place.secrets, "not-hunter2", "wrong-secret"):
            assert held not in str(said.value)
            assert held not in repr(inbox_of(settings, environment))


def test_the_night_archives_only_what_is_in_the_ledger(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, held in ENVIRONMENT.items():
        monkeypatch.setenv(name, held)
    statement = next(iter(sorted((DEMO / "statements").iterdir())))
    place.put(statement.name, statement.read_bytes())
    place.put("readme.txt", b"statements are delivered daily")
    erp = {"kind": "flatfile", "inbox": str(tmp_path), "outbox": str(tmp_path)}
    company = CompanySettings.model_validate({"name": "acme", "erp": erp, "banks": [place.bank()]})
    run = Run(as_of=datetime(2026, 11, 19, tzinfo=UTC).date(), clock=now)
    ledger = open_ledger(f"sqlite:///{tmp_path}/lettrage.db")
    try:
        report = import_statements(company, ledger, run)
        assert sorted(file.status for file in report.files) == ["imported", "refused"]
        assert place.names() == ["readme.txt"]
        # Delivered again under another name: known by its hash, put away, nothing new.
        place.put("again.sta", statement.read_bytes())
        assert import_statements(company, ledger, run).payments_new == 0
        assert place.names() == ["readme.txt"]
    finally:
        ledger.close()
    if place.sftp:
        time.sleep(0.2)
        assert place.sftp.alive == 0, "each look ends its connection"


def test_no_server_is_believed_whose_key_is_unknown(tmp_path: Path) -> None:
    (tmp_path / "bank").mkdir()
    (tmp_path / "known_hosts").touch()
    with running_sftp(tmp_path) as server:
        bank = BankSettings.model_validate(
            {
                "inbox": f"sftp://127.0.0.1:{server.port}/bank",
                "options": {"known_hosts": str(tmp_path / "known_hosts")},
                "options_env": {"username": "BANK_USER", "password": "BANK_PASSWORD"},
            }
        )
        with pytest.raises(InboxUnreachable, match="is not known; compare it with what the bank says"):
            inbox_of(bank, ENVIRONMENT).arrivals(now())


def test_an_address_holds_no_password_and_sftp_files_settle_by_themselves() -> None:
    with pytest.raises(ValueError, match="must not hold a password") as said:
        BankSettings.model_validate({"inbox": "sftp://bank:hunter2@example.com/out"})
    assert "hunter2" not in str(said.value)
    assert BankSettings(inbox="sftp://example.com/out").settles_after == 60
    assert BankSettings(inbox="/srv/bank").settles_after == BankSettings(inbox="s3://bucket/in").settles_after == 0


@pytest.fixture(autouse=True)
def _tidy(tmp_path: Path) -> Iterator[None]:
    yield
    shutil.rmtree(tmp_path, ignore_errors=True)
