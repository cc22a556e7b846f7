"""Structured payment references, one small file per scheme."""
