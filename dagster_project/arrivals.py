"""Which statement files lie in a company's inboxes, as a sensor's memory: names, sizes and times, never contents."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from integrations.config.load import ConfigurationError
from integrations.config.settings import CompanySettings
from integrations.inbox.arrivals import InboxUnreachable
from integrations.services.ingest import inbox_of


@dataclass(frozen=True, slots=True)
class Seen:
    """The files of all inboxes with a signature each."""

    files: Mapping[str, str]

    @classmethod
    def from_cursor(cls, cursor: str | None) -> "Seen":
        """What was seen the last time; an unreadable memory is no memory."""
        try:
            held = json.loads(cursor or "{}")
        except ValueError:
            held = {}
        return cls({str(path): str(mark) for path, mark in held.items()} if isinstance(held, dict) else {})

    def cursor(self) -> str:
        """The memory as text."""
        return json.dumps(dict(self.files), sort_keys=True)

    def key(self) -> str:
        """A key that is the same for the same files, so that one situation starts one run."""
        return hashlib.sha256(self.cursor().encode()).hexdigest()[:32]

    def new_since(self, before: "Seen") -> list[str]:
        """Files that were not there, or were others.

        >>> Seen({"a": "1", "b": "2"}).new_since(Seen({"a": "1", "b": "1"}))
        ['b']
        """
        return [path for path, mark in self.files.items() if before.files.get(path) != mark]

    def or_else(self, before: "Seen", *, problems: list[str]) -> "Seen":
        """What to remember: what an inbox held that could not be listed now is not forgotten."""
        return Seen({**before.files, **self.files}) if problems else self


def listing(company: CompanySettings, now: datetime) -> tuple[Seen, list[str]]:
    """All complete files in the company's inboxes, and in sentences which inboxes could not be listed."""
    files: dict[str, str] = {}
    problems = []
    for bank in company.banks:
        try:
            with inbox_of(bank) as inbox:
                arrived = inbox.arrivals(now)
        except (InboxUnreachable, ConfigurationError) as error:
            problems.append(str(error))
            continue
        for one in arrived:
            files[f"{bank.inbox}:{one.name}"] = f"{one.size}:{one.modified.isoformat() if one.modified else ''}"
    return Seen(files), problems
