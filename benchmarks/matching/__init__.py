"""The matching benchmark: generated worlds with known truth, scoring at invoice level, ceiling and baselines."""
