"""The name from the proxy becomes the run's user, and nothing that a person can type in the Launchpad does."""

from types import SimpleNamespace
from typing import Any

import dagster as dg
import pytest

from dagster_project.attribution import UserRunCoordinator


@dg.op
def nothing() -> None:
    """Stands for the work."""


@dg.job
def trivial() -> None:
    """A job to launch."""
    nothing()


@pytest.mark.parametrize(
    ("headers", "tags", "user"),
    [
        ({"X-Forwarded-User": "anna@example.com"}, {}, "anna@example.com"),
        ({"X-Forwarded-User": "anna@example.com"}, {"user": "boss@example.com"}, "anna@example.com"),
        ({}, {"user": "boss@example.com"}, "unknown"),
        ({}, {"dagster/schedule_name": "nightly_acme"}, "system"),
    ],
    ids=["named", "typed-over", "forged", "schedule"],
)
def test_the_runs_user(headers: dict[str, str], tags: dict[str, str], user: str) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        coordinator = UserRunCoordinator()
        coordinator.register_instance(instance)
        run = instance.create_run_for_job(trivial, tags=tags, status=dg.DagsterRunStatus.STARTED)
        context: Any = SimpleNamespace(dagster_run=run, get_request_header=headers.get)
        coordinator.submit_run(context)
        stored = instance.get_run_by_id(run.run_id)
        assert stored is not None
        assert stored.tags["user"] == user
