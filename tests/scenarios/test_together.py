"""Two at once: two nights, a clerk against the night, two clerks on one case. No double effect, and losers are told."""

import os
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from integrations.ledger import open_ledger
from integrations.ledger.errors import LeaseHeld, LedgerBusy
from integrations.services.clear import clear
from integrations.services.resolutions import ClearRequest
from integrations.services.sync import sync
from integrations.services.worklist import worklist
from tests.scenarios.test_crash import RUN, SECOND_DAY, night, prepare, settings, told
from tests.scenarios.test_crash import Place as Books
from tests.support.postgres import Postgres

TOLD = 7


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def url(request, tmp_path: Path):
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'lettrage.db'}"
        return
    server: Postgres = request.getfixturevalue("postgres")
    yield server.create_database("together")
    server.drop_database("together")


def at_once(*works: Callable[[], bool]) -> list[str]:
    """Run the works in processes of their own, started together; what became of each."""
    children = []
    for work in works:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                code = 0 if work() else TOLD
            except BaseException:  # noqa: BLE001 - whatever it was, the parent hears of it
                traceback.print_exc()
            finally:
                os._exit(code)
        children.append(child)
    names = {0: "done", TOLD: "told why not"}
    return [names.get(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), "crashed") for child in children]


def a_night(folder: Path, url: str) -> Callable[[], bool]:
    def work() -> bool:
        ledger = open_ledger(url)
        try:
            sync(settings(folder), ledger, RUN)
        except (LeaseHeld, LedgerBusy):
            return False
        finally:
            ledger.close()
        return True

    return work


def a_clerk(folder: Path, url: str, name: str, request: ClearRequest) -> Callable[[], bool]:
    def work() -> bool:
        ledger = open_ledger(url)
        try:
            return clear(settings(folder), ledger, request, by=name, run=RUN).outcome == "cleared"
        finally:
            ledger.close()

    return work


def case_of(folder: Path, url: str, reference: str) -> str:
    ledger = open_ledger(url)
    try:
        listed = worklist(settings(folder), ledger, as_of=RUN.as_of).cases
        return next(one.case_id for one in listed if one.payment.bank_reference == reference)
    finally:
        ledger.close()


@pytest.mark.parametrize("attempt", range(2))
def test_two_nights_at_once_are_one_night(tmp_path, url, attempt):
    folder = tmp_path / "company"
    prepare(folder, url)
    became = at_once(a_night(folder, url), a_night(folder, url), a_night(folder, url))
    assert "crashed" not in became
    assert "done" in became
    night(folder, url)
    once = tmp_path / "once"
    prepare(once, f"sqlite:///{tmp_path / 'once.db'}")
    night(once, f"sqlite:///{tmp_path / 'once.db'}")
    together, alone = (
        told(Books(*pair, lambda: None)) for pair in ((folder, url), (once, f"sqlite:///{tmp_path / 'once.db'}"))
    )
    assert together == alone


def test_two_clerks_on_one_case_and_one_of_them_is_told(tmp_path, url):
    folder = tmp_path / "company"
    prepare(folder, url)
    case_id = case_of(folder, url, "B2")
    anna = ClearRequest(case_id=case_id, resolution="on_account", customer_id="C1")
    bert = ClearRequest(case_id=case_id, resolution="not_customer_payment")
    became = at_once(
        *(a_clerk(folder, url, name, ask) for name, ask in (("anna", anna), ("bert", bert), ("carla", anna)))
    )
    assert Counter(became) == {"done": 1, "told why not": 2}
    told(Books(folder, url, lambda: None))


def test_a_clerk_and_the_night_at_once(tmp_path, url):
    folder = tmp_path / "company"
    prepare(folder, url)
    (folder / "bank" / "third.sta").write_text(SECOND_DAY.replace("//C", "//E").replace("0303", "0304"))
    ask = ClearRequest(case_id=case_of(folder, url, "B2"), resolution="on_account", customer_id="C1")
    became = at_once(a_night(folder, url), a_clerk(folder, url, "anna", ask))
    assert became == ["done", "done"]
    night(folder, url)
    books = told(Books(folder, url, lambda: None))
    assert [row.payment.bank_reference for row in open_and_read(url)] == ["B2"]
    assert b",C1,60.00," in books["csv"]["allocations.csv"]


def open_and_read(url: str) -> list:
    ledger = open_ledger(url)
    try:
        return list(ledger.on_account("acme"))
    finally:
        ledger.close()
