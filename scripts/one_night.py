"""Runs the nightly job of one company in this process: `python scripts/one_night.py COMPANY [--as-of YYYY-MM-DD]`.

Uses the Dagster home of the environment (DAGSTER_HOME), so that the run with its assets is seen in the UI.
"""

import argparse
import logging
import sys

import dagster as dg

from dagster_project.definitions import defs
from dagster_project.links import LOCATION
from dagster_project.office import AS_OF_TAG


def main() -> int:
    """Run the job and say in one line what came out."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("company")
    parser.add_argument("--as-of", default="")
    arguments = parser.parse_args()
    # The last two are what the UI looks for to show the run with its code location.
    tags = {
        "user": "system",
        "dagster/code_location": LOCATION,
        ".dagster/repository": f"__repository__@{LOCATION}",
        **({AS_OF_TAG: arguments.as_of} if arguments.as_of else {}),
    }
    job = defs().resolve_job_def(f"nightly_{arguments.company}")
    logging.disable(logging.INFO)
    with dg.DagsterInstance.get() as instance:
        result = job.execute_in_process(instance=instance, raise_on_error=False, tags=tags)
    told = {}
    for event in result.get_asset_materialization_events():
        key = event.materialization.asset_key.path[-1]
        told[key] = {name: entry.value for name, entry in event.materialization.metadata.items()}
    payments, matched = told.get("bank_statements", {}), told.get("allocations", {})
    print(
        f"{payments.get('dagster/row_count', 0)} payments read, {matched.get('allocated', 0)} allocated, "
        f"{matched.get('ignored', 0)} ignored, {told.get('exceptions', {}).get('open', '?')} cases for people"
    )
    return 0 if result.success else 1


if __name__ == "__main__":
    sys.exit(main())
