"""The system of record: what arrived, what was decided by whom, what went to the ERP and what came back.

`port` says what may be asked of it, `records` in which words, `errors` what can go wrong; `open_ledger` opens one.
"""

from integrations.ledger.store import open_ledger

__all__ = ["open_ledger"]
