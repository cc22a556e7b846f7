"""What is tried again, one writer for each ERP, who hears of a failed night, and old records that go."""

import http.server
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from dagster_project.components.company import company_definitions
from dagster_project.defs.housekeeping import purge
from dagster_project.lasting import told_at_once
from dagster_project.nights import _reason
from integrations.config.load import SecretMissing
from integrations.erp.errors import AuthError, Transient, UnusableFile
from integrations.inbox.arrivals import InboxUnreachable
from integrations.ledger.errors import LedgerTooNew
from tests.dagster_project.test_company import office


def steps(folder: Path) -> dict[str, dg.OpDefinition]:
    job = company_definitions(office(folder)).resolve_job_def("nightly_acme")
    return {node.name: node.definition for node in job.graph.nodes if isinstance(node.definition, dg.OpDefinition)}


def test_only_reading_is_tried_again(tmp_path: Path) -> None:
    again = {name for name, op in steps(tmp_path).items() if op.retry_policy}
    # What writes to the ERP is brought to its end by the next run, which finds it by its key.
    assert again == {"pull_acme", "acme__bank_statements"}


def test_whatever_speaks_to_the_erp_waits_its_turn(tmp_path: Path) -> None:
    pooled = {name: op.pool for name, op in steps(tmp_path).items() if op.pool}
    assert pooled == dict.fromkeys(("pull_acme", "acme__postings", "acme__exceptions"), "erp_acme")


def test_two_runs_never_write_to_one_erp_at_once() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        storage = instance.event_log_storage
        storage.set_concurrency_slots("erp_acme", 1)
        first = storage.claim_concurrency_slot("erp_acme", "run-1", "acme__postings")
        second = storage.claim_concurrency_slot("erp_acme", "run-2", "acme__postings")
        assert (first.is_claimed, second.is_claimed) == (True, False)


@pytest.fixture
def hook() -> Iterator[tuple[str, list[dict[str, str]]]]:
    heard: list[dict[str, str]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/hook", heard
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("trouble", "again"),
    [
        (Transient("the ERP is down"), True),
        (InboxUnreachable("the folder cannot be listed"), True),
        (UnusableFile("customers.csv is missing", file="customers.csv"), False),
        (AuthError("the key was revoked"), False),
        (SecretMissing("ACME_KEY is not set"), False),
        (LedgerTooNew("the ledger is newer"), False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_only_what_may_pass_is_waited_for(trouble: Exception, again: bool) -> None:
    tries: list[int] = []

    @dg.op(retry_policy=dg.RetryPolicy(max_retries=1))
    def step() -> None:
        tries.append(1)
        with told_at_once():
            raise trouble

    @dg.job
    def night() -> None:
        step()

    result = night.execute_in_process(raise_on_error=False)
    assert len(tries) == (2 if again else 1)
    (failure,) = result.filter_events(lambda event: event.event_type_value == "STEP_FAILURE")
    assert str(trouble) in _reason(failure)


@pytest.mark.parametrize(("job", "told"), [("nightly_acme", True), ("statements_acme", True), ("approve_acme", False)])
def test_people_hear_of_a_failed_night_and_not_of_a_refused_form(
    job: str, told: bool, tmp_path: Path, hook: tuple[str, list[dict[str, str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    address, heard = hook
    monkeypatch.setenv("ACME_HOOK", address)
    monkeypatch.setattr("dagster_project.assets._AGAIN", dg.RetryPolicy(max_retries=1))
    definitions = company_definitions(office(tmp_path, alerts={"webhook_env": "ACME_HOOK"}))
    sensor = definitions.get_repository_def().get_sensor_def("alert_acme")
    with dg.DagsterInstance.ephemeral() as instance:
        # Nothing is there: no folder of the ERP, no bank.
        form = {"case": "EX-0000"} if job == "approve_acme" else None
        result = definitions.resolve_job_def(job).execute_in_process(
            run_config=form, instance=instance, raise_on_error=False, tags={"user": "system"}
        )
        assert not result.success
        (failure,) = result.filter_events(lambda event: event.event_type_value == "PIPELINE_FAILURE")
        context = dg.build_run_status_sensor_context(
            sensor_name="alert_acme", dagster_event=failure, dagster_instance=instance,
            dagster_run=result.dagster_run,
        ).for_run_failure()  # fmt: skip
        sensor(context)
    assert bool(heard) == told
    if told:
        assert heard[0]["subject"] == f"acme: {job} failed"
        assert result.run_id in heard[0]["text"]


def test_old_records_go_and_young_and_running_ones_stay() -> None:
    @dg.job
    def nothing() -> None: ...

    with dg.DagsterInstance.ephemeral() as instance:
        done = [
            instance.create_run_for_job(nothing, status=status)
            for status in (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.STARTED)
        ]
        now = datetime.now(UTC)
        assert purge(instance, before=now - timedelta(days=60), at_most=100) == 0
        assert purge(instance, before=now + timedelta(seconds=5), at_most=1) == 1
        assert purge(instance, before=now + timedelta(seconds=5), at_most=100) == 1
        assert [run.run_id for run in instance.get_runs()] == [done[2].run_id]
