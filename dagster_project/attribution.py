"""Who started a run: the name that the authenticating proxy put into the request becomes the run's `user` tag.

Dagster shows that tag as "Launched by". Only the proxy may be able to reach the web server (bind it to loopback);
else anybody could send the header themselves. See docs/for-integration-engineers.md.
"""

import os
from collections.abc import Mapping

from dagster import DagsterRun, QueuedRunCoordinator
from dagster._core.run_coordinator import SubmitRunContext

USER_TAG = "user"
UNKNOWN = "unknown"
SYSTEM = "system"
HEADER_VARIABLE = "LETTRAGE_USER_HEADER"
# On a machine that only one person uses, without a proxy: whose name runs carry.
SINGLE_USER_VARIABLE = "LETTRAGE_SINGLE_USER"
_BY_THE_CLOCK = ("dagster/schedule_name", "dagster/sensor_name", "dagster/backfill")


class UserRunCoordinator(QueuedRunCoordinator):
    """The queue that Dagster uses anyway, with the person's name on each run.

    A name that the Launchpad's own tag editor put there is overwritten: who may launch may not choose who they are.
    """

    def submit_run(self, context: SubmitRunContext) -> DagsterRun:
        """Tag the run with who asked for it, then queue it."""
        run = context.dagster_run
        header = context.get_request_header(os.environ.get(HEADER_VARIABLE, "X-Forwarded-User"))
        alone = os.environ.get(SINGLE_USER_VARIABLE)
        self._instance.add_run_tags(run.run_id, {USER_TAG: person(header, run.tags, alone=alone)})
        return super().submit_run(context)


def person(header: str | None, tags: Mapping[str, str] | None = None, *, alone: str | None = None) -> str:
    """The name for a run: from the header, else `system` for schedules and sensors, else the single user, if any.

    >>> person("anna@example.com "), person(None, {"dagster/schedule_name": "nightly_acme"}), person("", {})
    ('anna@example.com', 'system', 'unknown')
    """
    name = (header or "").strip()
    if name:
        return name[:200]
    return SYSTEM if any(tag in (tags or {}) for tag in _BY_THE_CLOCK) else alone or UNKNOWN
