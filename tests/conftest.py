"""What all tests share."""

# Runs inside Tryton's own environment, which has other libraries than ours.
collect_ignore = ["support/tryton_seed.py"]
