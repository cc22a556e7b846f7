"""What can be wrong with a whole file. Trouble with one line is never raised: it is a finding or is quarantined."""


class NotAStatement(ValueError):  # noqa: N818 - a file of another kind is nothing that went wrong
    """The file is no bank statement at all; one sentence names the file, what it is instead, and what to do."""


class UnreadableStatement(ValueError):  # noqa: N818 - named as the person who meets it would say it
    """The file cannot be read to its end (missing, locked, damaged, over a limit); one sentence says what to do."""
