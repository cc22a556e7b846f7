"""The report of a night after a killed one: every statement file is told of once."""

from pathlib import Path

import pytest

from integrations.ledger import open_ledger
from integrations.services import sync as syncing
from integrations.services.sync import SyncReport, sync
from tests.scenarios.test_crash import RUN, prepare, settings


class Killed(BaseException):
    """The process ends here."""


def report_of(folder: Path, url: str) -> SyncReport:
    ledger = open_ledger(url)
    try:
        return sync(settings(folder), ledger, RUN)
    finally:
        ledger.close()


def told(report: SyncReport) -> tuple[list[str], list[tuple[str, int]], int]:
    new = sorted(file.name for file in report.imported.files if file.status == "imported")
    return new, sorted((one.file, one.entries) for one in report.imported.statements), report.imported.payments_new


@pytest.mark.parametrize("dies_in", ["match_payments", "push", "publish"])
def test_what_a_killed_night_took_in_is_told_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dies_in: str
) -> None:
    for name in ("peace", "trouble"):
        prepare(tmp_path / name, str(tmp_path / f"{name}.db"))
    expected = told(report_of(tmp_path / "peace", str(tmp_path / "peace.db")))
    assert len(expected[0]) == 2
    calls = []
    real = getattr(syncing, dies_in)

    def dies(*arguments: object, **more: object) -> object:
        calls.append(dies_in)
        if dies_in != "push" or len(calls) == 2:
            raise Killed
        return real(*arguments, **more)

    with monkeypatch.context() as patched:
        patched.setattr(syncing, dies_in, dies)
        with pytest.raises(Killed):
            report_of(tmp_path / "trouble", str(tmp_path / "trouble.db"))
    assert told(report_of(tmp_path / "trouble", str(tmp_path / "trouble.db"))) == expected
    # And only once: the night after has nothing new to tell.
    assert told(report_of(tmp_path / "trouble", str(tmp_path / "trouble.db"))) == ([], [], 0)
