"""One company as Dagster runs it: definitions, a night, clearing, checks that bite, and what a missing secret does."""

import csv
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

from dagster_project import assets, escape
from dagster_project.components.company import CompanyAttributes, company_definitions, office_of
from dagster_project.office import AS_OF_TAG, Office
from integrations.erp.errors import AuthError
from integrations.ledger import open_ledger
from integrations.ledger.port import Ledger
from integrations.services.allocated import allocations_view, settled
from integrations.services.notes import NotesReport

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "fixtures" / "demo"
NIGHT = {AS_OF_TAG: "2026-11-19", "user": "system"}


def attributes(name: str = "acme", **changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "name": name,
        "ledger": "sqlite:///lettrage.db",
        "erp": {"kind": "flatfile", "inbox": "inbox", "outbox": "outbox"},
        "banks": [{"inbox": "bank", "archive": "archive"}],
        "worklist": "worklist",
        "worklist_person": "anna@example.com",
    }
    return values | changes


def office(folder: Path, **changes: Any) -> Office:
    return office_of(CompanyAttributes.model_validate(attributes(**changes)), folder)


def prepare(folder: Path) -> None:
    shutil.copytree(DEMO / "inbox", folder / "inbox")
    shutil.copytree(DEMO / "statements", folder / "bank")
    (folder / "outbox").mkdir()


def run(
    office: Office, job: str, form: dict[str, Any] | None = None, *, only: str = "", **tags: str
) -> dg.ExecuteInProcessResult:
    """Run a job of the company; ``only`` one of its assets with the checks on it."""
    definitions = company_definitions(office)
    with dg.DagsterInstance.ephemeral() as instance:
        return definitions.resolve_job_def(f"{job}_{office.name}").execute_in_process(
            run_config=form, instance=instance, raise_on_error=False, tags={**NIGHT, **tags},
            asset_selection=[dg.AssetKey(office.key(only))] if only else None,
        )  # fmt: skip


def told(result: dg.ExecuteInProcessResult, asset: str) -> dict[str, Any]:
    for event in reversed(result.get_asset_materialization_events()):
        if event.materialization.asset_key.path[-1] == asset:
            return {name: entry.value for name, entry in event.materialization.metadata.items()}
    return {}


def why_failed(result: dg.ExecuteInProcessResult) -> str:
    (failure,) = result.filter_events(lambda event: event.is_step_failure)
    data = failure.step_failure_data.user_failure_data
    return (data.description if data else "") or ""


@pytest.fixture(scope="module")
def after_a_night(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dg.ExecuteInProcessResult]:
    folder = tmp_path_factory.mktemp("company")
    prepare(folder)
    return folder, run(office(folder), "nightly")


@pytest.fixture
def company(after_a_night: tuple[Path, dg.ExecuteInProcessResult], tmp_path: Path) -> Office:
    """A company of its own for each test, the morning after its first night."""
    copy = tmp_path / "company"
    shutil.copytree(after_a_night[0], copy)
    return office(copy)


@pytest.fixture
def ledger(company: Office) -> Iterator[Ledger]:
    opened = open_ledger(company.ledger_url)
    yield opened
    opened.close()


def test_definitions_of_two_companies_load_side_by_side(tmp_path: Path) -> None:
    both = dg.Definitions.merge(*(company_definitions(office(tmp_path, name=name)) for name in ("acme", "bolt")))
    dg.Definitions.validate_loadable(both)
    jobs = {job.name for job in both.get_repository_def().get_all_jobs()}
    for name in ("acme", "bolt"):
        assert {
            f"{job}_{name}"
            for job in ("nightly", "statements", "clear_exception", "clear_exceptions_batch", "approve",
                        "reopen_exception", "apply_worklist")
        } <= jobs  # fmt: skip
        (schedule,) = [one for one in both.get_repository_def().schedule_defs if one.name == f"night_of_{name}"]
        assert schedule.execution_timezone == "Europe/Amsterdam"


def test_the_night_tells_what_it_did(after_a_night: tuple[Path, dg.ExecuteInProcessResult]) -> None:
    folder, result = after_a_night
    assert result.success
    assert told(result, "open_items")["dagster/row_count"] == 355
    assert told(result, "bank_statements")["files_new"] == 32
    matched = told(result, "allocations")
    assert matched["allocated"] + matched["partly_allocated"] + matched["exceptions"] + matched["ignored"] == 223
    assert 80 <= matched["automatic_percent"] < 100
    assert told(result, "exceptions")["open"] == matched["partly_allocated"] + matched["exceptions"]
    passed = {one.check_name: one.passed for one in result.get_asset_check_evaluations()}
    assert passed == {
        "in_place": True, "balance_chain": True, "no_statement_missing": True, "erp_fresh": True,
        "every_cent_accounted_for": True, "ledger_laws": True, "no_old_cases": False, "unapplied_cash": True,
        "all_cases_listed": True,
    }  # fmt: skip
    names = sorted(path.name for path in (folder / "worklist").iterdir())
    assert names == ["allocations_acme.csv", "in", "worklist_acme.csv", "worklist_acme.xlsx"]


def test_a_second_night_changes_nothing(company: Office, ledger: Ledger) -> None:
    before = [row.posting_key for row in ledger.allocations("acme")]
    again = run(company, "nightly")
    assert again.success
    assert told(again, "allocations")["payments_decided"] == 0
    assert [row.posting_key for row in ledger.allocations("acme")] == before


def test_the_list_is_current_when_the_clearing_run_ends(company: Office, ledger: Ledger) -> None:
    (first, *_) = ledger.exceptions("acme", kinds=("duplicate_payment",))
    count = sum(ledger.count_exceptions("acme")[state] for state in ("open",))
    form = {"case": first.case_id, "resolution": "accept_suggestion"}
    result = run(company, "clear_exception", form, user="anna@example.com")
    assert result.success
    assert told(result, "exceptions")["open"] == count - 1
    assert told(result, "clearings")["by"] == "anna@example.com"
    assert any("anna@example.com" in line for line in ledger.history("acme", first.case_id))
    again = run(company, "clear_exception", form, user="anna@example.com")
    assert not again.success


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"case": "EX-0000", "resolution": "allocate"}, "EX-0000"),
        ({"resolution": "allocate", "items": [{"item": "VF26-99999"}]}, "VF26-99999"),
        ({"resolution": "allocate", "items": [{"item": "VF26-04190", "amount": "1.234,50"}]}, "1.234,50"),
        ({"resolution": "accept_suggestion", "suggestion": 9}, "number 9"),
    ],
    ids=["no-case", "no-item", "amount-with-comma", "no-such-suggestion"],
)
def test_what_cannot_be_done_is_said_and_not_done(
    company: Office, ledger: Ledger, form: dict[str, Any], said: str
) -> None:
    case = ledger.exceptions("acme", kinds=("disputed_item",))[0]
    result = run(company, "clear_exception", {"case": case.case_id, **form}, user="anna@example.com")
    assert not result.success
    assert said in why_failed(result)
    assert ledger.case("acme", case.case_id).version == case.version


def test_a_filled_in_worklist_is_applied_row_by_row(company: Office, ledger: Ledger) -> None:
    doubles = ledger.exceptions("acme", kinds=("duplicate_payment",))
    folder = company.worklist_folder
    assert folder is not None
    (folder / "in").mkdir(exist_ok=True)
    rows = [
        "case,resolution",
        f"{doubles[0].case_id},accept_suggestion",
        "EX-0000,accept_suggestion",
        f"{doubles[1].case_id},",
    ]
    (folder / "in" / "monday.csv").write_text("\n".join(rows))
    result = run(company, "apply_worklist", {"file": "../../in/monday.csv"})
    assert result.success
    assert (told(result, "clearings")["decided"], told(result, "clearings")["refused"]) == (1, 1)
    assert told(result, "clearings")["by"] == "anna@example.com"
    (answer,) = (folder / "done").glob("*_answer.csv")
    assert "refused" in answer.read_text(encoding="utf-8-sig")
    assert not (folder / "in" / "monday.csv").exists()


def test_the_forms_refuse_the_environment(company: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    definitions = company_definitions(company)
    for job, form in (
        ("clear_exception", {"case": "EX-1", "resolution": "allocate", "note": {"env": "SECRET_TOKEN"}}),
        ("reopen_exception", {"case_or_payment": {"env": "SECRET_TOKEN"}, "reason": ""}),
        ("approve", {"case": "EX-1", "note": {"env": "SECRET_TOKEN"}}),
        ("clear_exceptions_batch", {"note": {"env": "SECRET_TOKEN"}}),
        ("apply_worklist", {"file": {"env": "SECRET_TOKEN"}}),
        ("look_up", {"about": {"env": "SECRET_TOKEN"}}),
    ):
        with pytest.raises(dg.DagsterInvalidConfigError):
            dg.validate_run_config(definitions.resolve_job_def(f"{job}_acme"), form)


def test_the_allocations_are_told_by_rule_least_sure_first_with_their_whole_reason(
    after_a_night: tuple[Path, dg.ExecuteInProcessResult], ledger: Ledger
) -> None:
    folder, result = after_a_night
    shown = told(result, "allocations")
    rows = list(ledger.allocations("acme"))
    rules = {row.rule for row in rows}
    assert rules == {key.removeprefix("rule_") for key in shown if key.startswith("rule_")}
    for rule in rules:
        lines = shown[f"rule_{rule}"].splitlines()[2:]
        sure = [int(line.split(" | ")[4].removesuffix("\u00a0%")) for line in lines]
        assert 0 < len(lines) <= 20
        assert sure == sorted(sure)
    longest = max((row for row in rows), key=lambda row: len(row.explanation))
    with (folder / "worklist" / "allocations_acme.csv").open(encoding="utf-8-sig", newline="") as file:
        reasons = {row["payment_id"]: row["because"] for row in csv.DictReader(file)}
    assert reasons[longest.payment.payment_id] == longest.explanation
    assert set(reasons) == {row.payment.payment_id for row in rows}
    listed = "".join(entry for key, entry in shown.items() if key.startswith(("rule_", "latest_", "to_audit")))
    assert "…" not in "".join(cell for cell in listed.split(" | ") if cell.startswith("Names"))


def test_the_sample_to_audit_is_drawn_anew_each_night_and_the_same_for_the_same_night(
    company: Office, ledger: Ledger
) -> None:
    everything = {row.payment.payment_id for row in ledger.allocations("acme")}
    drawn = [
        allocations_view(settled(company.company, ledger, everything), [], seed=seed).to_audit
        for seed in ("acme 2026-11-19", "acme 2026-11-19", "acme 2026-11-20")
    ]
    first, again, other = ([one.payment.payment_id for one in some] for some in drawn)
    assert len(set(first)) == 10
    assert first == again
    assert first != other


def test_anything_can_be_looked_up_and_taken_back(company: Office, ledger: Ledger) -> None:
    row = next(iter(ledger.allocations("acme")))
    for about, known in ((row.payment.payment_id, True), (row.number, False)):
        result = run(company, "look_up", {"about": f" {about} "}, user="anna@example.com")
        assert result.success
        (observed,) = [event for event in result.all_events if event.is_asset_observation]
        entries = observed.asset_observation_data.asset_observation.metadata
        assert escape.markdown(row.number) in str(entries["story"].value)
        assert ("undo" in entries) == known
    missing = run(company, "look_up", {"about": "EX-0000"})
    assert "EX-0000" in why_failed(missing)


def test_the_night_puts_open_cases_as_notes_into_the_erp_and_a_broken_one_hides_no_case(
    company: Office, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def put(settings: Any, ledger: Ledger, connector: Any, run: Any) -> NotesReport:
        asked.append(settings.name)
        if len(asked) > 1:
            raise AuthError("the ERP is closed for stocktaking")
        return NotesReport(written=3)

    monkeypatch.setattr(assets, "put_notes", put)
    assert told(run(company, "nightly", only="exceptions"), "exceptions")["notes_in_the_erp"] == 3
    second = run(company, "nightly", only="exceptions")
    assert second.success
    assert told(second, "exceptions")["open"] > 0
    assert asked == ["acme", "acme"]


def test_an_unbalanced_statement_blocks_matching(tmp_path: Path) -> None:
    prepare(tmp_path)
    statement = tmp_path / "bank" / "be-2026-11-10.xml"
    whole = statement.read_text()
    closing = whole.index("CLBD")
    amount = whole.index(">", whole.index("<Amt", closing)) + 1
    statement.write_text(whole[:amount] + "9" + whole[amount:])
    result = run(office(tmp_path), "nightly")
    assert not result.success
    (chain,) = [one for one in result.get_asset_check_evaluations() if one.check_name == "balance_chain"]
    assert not chain.passed
    assert chain.description is not None
    assert "be-2026-11-10.xml" in chain.description
    assert told(result, "allocations") == {}


def test_a_missing_secret_fails_the_check_and_never_the_loading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ACME_HOOK", raising=False)
    prepare(tmp_path)
    acme = office(tmp_path, alerts={"webhook_env": "ACME_HOOK"})
    dg.Definitions.validate_loadable(company_definitions(acme))
    result = run(acme, "nightly", only="connections")
    (check,) = [one for one in result.get_asset_check_evaluations() if one.check_name == "in_place"]
    assert not check.passed
    assert check.description is not None
    assert "ACME_HOOK is not set" in check.description


def test_the_sensor_starts_once_for_the_same_files(tmp_path: Path) -> None:
    prepare(tmp_path)
    acme = office(tmp_path)
    definitions = company_definitions(acme)
    sensor = definitions.get_repository_def().get_sensor_def("statement_files_acme")
    with dg.DagsterInstance.ephemeral() as instance:

        def tick(cursor: str | None) -> Any:
            with dg.build_sensor_context(instance=instance, cursor=cursor) as context:
                return sensor.evaluate_tick(context)

        first = tick(None)
        assert len(first.run_requests) == 1
        second = tick(first.cursor)
        assert second.run_requests == []
        shutil.copy(tmp_path / "bank" / "nl-2026-11-09.sta", tmp_path / "bank" / "late.sta")
        (tmp_path / "bank" / "half.sta.part").write_text("half")
        third = tick(second.cursor)
        assert len(third.run_requests) == 1
        assert third.run_requests[0].run_key != first.run_requests[0].run_key
        shutil.rmtree(tmp_path / "bank")
        assert tick(third.cursor).run_requests == []


def test_the_schedule_works_for_the_day_of_its_tick(tmp_path: Path) -> None:
    from datetime import UTC, datetime

    definitions = company_definitions(office(tmp_path, timezone="Asia/Tokyo"))
    schedule = definitions.get_repository_def().get_schedule_def("night_of_acme")
    late = datetime(2026, 10, 24, 18, 0, tzinfo=UTC)
    with (
        dg.DagsterInstance.ephemeral() as instance,
        dg.build_schedule_context(
            instance=instance, scheduled_execution_time=late, repository_def=definitions.get_repository_def()
        ) as context,
    ):
        (request,) = schedule.evaluate_tick(context).run_requests or []
    assert request.tags[AS_OF_TAG] == "2026-10-25"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"timezone": "Mars/Olympus"}, "no time zone"),
        ({"erp": {"kind": "oddo"}}, "no ERP that Lettrage connects to"),
        ({"shedule": "0 3 * * *"}, "shedule"),
        ({"name": "Acme Ltd"}, "name"),
    ],
    ids=["zone", "erp", "typing-slip", "name"],
)
def test_wrong_attributes_are_named(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        CompanyAttributes.model_validate(attributes() | changes)


def test_the_demo_companys_attributes_are_valid() -> None:
    path = ROOT / "dagster_project" / "defs" / "halvemaan" / "defs.yaml"
    assert CompanyAttributes.model_validate(yaml.safe_load(path.read_text())["attributes"]).name == "halvemaan"
