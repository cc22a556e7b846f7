"""What Dagster loads: every definition under dagster_project/defs."""

from pathlib import Path

import dagster as dg


@dg.definitions
def defs() -> dg.Definitions:
    """All assets, jobs, checks, schedules and sensors of this code location."""
    return dg.load_from_defs_folder(path_within_project=Path(__file__).parent)
