"""The ERPs that the suite runs in, one module each with a list WORLDS."""
