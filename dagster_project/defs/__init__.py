"""Definitions by business step, loaded by Dagster from this folder."""
