"""What all tests share."""

import os

from hypothesis import settings

# Runs inside Tryton's own environment, which has other libraries than ours.
collect_ignore = ["support/tryton_seed.py"]

# `make test` looks for new counter-examples every time; whether a change may land must not be a matter of luck, so
# there the examples are the same for the same code. Nowhere is an example given a deadline on the wall clock: on a busy
# machine that would measure the neighbours.
settings.register_profile("local", deadline=None)
settings.register_profile("ci", derandomize=True, print_blob=True, deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "local")
