"""What can go wrong with the ledger, each with a sentence that says what to do next."""
# ruff: noqa: N818  (the names say what happened, as in the ERP room; each is also what the caller reads)


class LedgerError(Exception):
    """Any trouble with the ledger; the message is for people."""


class LedgerTooNew(LedgerError):
    """The database was written by a newer Lettrage than this one."""


class LedgerTooOld(LedgerError):
    """The database must be upgraded first, and upgrading was not allowed here."""


class LedgerBusy(LedgerError):
    """Another process is writing for this company and did not finish in time; nothing was changed, try again."""


class LedgerUnavailable(LedgerError):
    """The database cannot be reached, is full, or went away in the middle; nothing of this unit of work stayed."""


class NotFound(LedgerError):
    """No such company, payment, item, case, clearing or posting."""


class ChangedMeanwhile(LedgerError):
    """Somebody or something else changed it first; the message says how it stands now."""


class LawBroken(LedgerError):
    """The write would break a law of the ledger (a sum, a limit, a state); nothing was changed."""


class NotAllowed(LedgerError):
    """Refused by the ledger itself, for example approving one's own proposal."""


class LeaseHeld(LedgerError):
    """Another process pushes for this company right now; the message says who and until when.

    ``holder`` is that worker, where the whole company is held and not one posting only.
    """

    def __init__(self, message: str, *, holder: str = "") -> None:
        super().__init__(message)
        self.holder = holder
