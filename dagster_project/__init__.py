"""Wiring for Dagster: components, assets, checks, jobs, schedules, links and the worklist."""
