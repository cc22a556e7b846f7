"""Statement files at any address that fsspec knows: a folder, SFTP, S3.

Names are only for people: what a file is comes from its content, and whether it was seen before from its hash.
"""

import hashlib
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

import fsspec

_BLOCK = 1 << 20
_UNFINISHED = (".part", ".tmp", ".filepart", ".crdownload", ".lock")


class InboxUnreachable(OSError):  # noqa: N818 - reads as the sentence it stands for
    """The place where statements arrive cannot be listed or read; try again, and check address and rights."""


class ArrivalGone(InboxUnreachable):
    """The file was there a moment ago; another run has taken it in and put it away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A file that lies in an inbox. ``modified`` is the source's own clock, None where it does not tell."""

    name: str
    path: str
    size: int
    modified: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    """An address where statements arrive, and the archive that takes them afterwards."""

    address: str
    options: Mapping[str, Any]
    archive: str | None = None
    settle_seconds: int = 0

    def arrivals(self, now: datetime) -> list[Arrival]:
        """The files that lie there complete, by name. Files still being written, and hidden ones, wait.

        Raises InboxUnreachable when the address cannot be listed or does not exist.
        """
        system, root = self._open()
        try:
            listed = system.find(root, maxdepth=1, detail=True, withdirs=False)
        except (OSError, ValueError) as error:
            message = f"{self.address}: cannot be listed ({error}); check the address and the rights, then run again"
            raise InboxUnreachable(message) from error
        if not listed and not system.exists(root):
            message = f"{self.address}: there is no such folder; create it or correct the address"
            raise InboxUnreachable(message)
        found = [self._arrival(path, facts) for path, facts in listed.items()]
        return sorted((one for one in found if self._complete(one, now)), key=lambda one: one.name)

    def fetch(self, arrival: Arrival, folder: Path) -> tuple[Path, str]:
        """A local copy of the file and its SHA-256. Local files are read where they lie.

        Raises ArrivalGone when another run was faster, InboxUnreachable when the file cannot be read.
        """
        system, _ = self._open()
        local = Path(arrival.path) if _is_local(system) else folder / arrival.name
        try:
            if not _is_local(system):
                system.get_file(arrival.path, str(local))
            return local, sha256_of(local)
        except FileNotFoundError as error:
            message = f"{arrival.path}: another run has taken this file in"
            raise ArrivalGone(message) from error
        except OSError as error:
            message = f"{arrival.path}: cannot be read ({error}); check the rights, then run again"
            raise InboxUnreachable(message) from error

    def put_away(self, arrival: Arrival, sha256: str) -> None:
        """Move a file that is safely in the ledger to the archive, named by its hash; without an archive it stays.

        A file already archived under that hash is simply removed from the inbox; one that is gone was put away by
        another run. Raises InboxUnreachable.
        """
        if self.archive is None:
            return
        system, _ = self._open()
        target_system, target_root = fsspec.core.url_to_fs(self.archive, **dict(self.options))
        target = f"{target_root.rstrip('/')}/{sha256[:2]}/{sha256}{PurePosixPath(arrival.name).suffix.lower()}"
        try:
            if not target_system.exists(target):
                target_system.makedirs(target.rsplit("/", 1)[0], exist_ok=True)
                with system.open(arrival.path, "rb") as source, target_system.open(target + ".part", "wb") as copy:
                    shutil.copyfileobj(source, copy, _BLOCK)
                target_system.mv(target + ".part", target)
            system.rm_file(arrival.path)
        except FileNotFoundError:
            return  # another run was faster
        except (OSError, NotImplementedError) as error:
            message = f"{arrival.path}: cannot be moved to {self.archive} ({error}); it stays in the inbox"
            raise InboxUnreachable(message) from error

    def _open(self) -> tuple[Any, str]:
        try:
            system, root = fsspec.core.url_to_fs(self.address, **dict(self.options))
        except (ValueError, ImportError, OSError) as error:
            message = f"{self.address}: this address cannot be opened ({error}); correct the bank's `inbox`"
            raise InboxUnreachable(message) from error
        return system, root

    def _arrival(self, path: str, facts: Mapping[str, Any]) -> Arrival:
        stamp = facts.get("mtime", facts.get("LastModified", facts.get("modified")))
        return Arrival(
            name=PurePosixPath(path).name, path=path, size=int(facts.get("size") or 0), modified=_moment(stamp)
        )

    def _complete(self, arrival: Arrival, now: datetime) -> bool:
        if arrival.name.startswith(".") or arrival.name.lower().endswith(_UNFINISHED):
            return False
        if not self.settle_seconds or arrival.modified is None:
            return True
        return (now - arrival.modified).total_seconds() >= self.settle_seconds


def sha256_of(path: Path) -> str:
    """The file's SHA-256, read in blocks."""
    digest = hashlib.sha256()
    with path.open("rb") as source:
        for block in _blocks(source):
            digest.update(block)
    return digest.hexdigest()


def _blocks(source: Any) -> Iterator[bytes]:
    while block := source.read(_BLOCK):
        yield block


def _is_local(system: Any) -> bool:
    protocol = system.protocol
    return "file" in (protocol if isinstance(protocol, tuple | list) else (protocol,))


def _moment(stamp: object) -> datetime | None:
    if isinstance(stamp, datetime):
        return stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)
    if isinstance(stamp, int | float):
        return datetime.fromtimestamp(stamp, tz=UTC)
    return None
