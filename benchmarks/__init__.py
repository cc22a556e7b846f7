"""Measurements of Lettrage, printed as tables by ``python -m benchmarks``."""
