"""Decides which payment settles which open items, and why. Pure: data in, data out; no clock, no I/O."""
