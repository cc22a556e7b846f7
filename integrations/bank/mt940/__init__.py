"""MT940, MT942 and MT950: the SWIFT customer statement formats."""

from integrations.bank.mt940.reader import count_entries, read_events

__all__ = ["count_entries", "read_events"]
