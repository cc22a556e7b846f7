"""Statement files at any address that fsspec knows: a folder, SFTP, S3.

Names are only for people: what a file is comes from its content, and whether it was seen before from its hash.
"""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from errno import EBUSY
from pathlib import Path, PurePosixPath
from typing import Any

import fsspec

# fsspec's own SFTP takes any server for the bank; ours asks for its key.
fsspec.register_implementation("sftp", "integrations.inbox.sftp.SftpThatKnowsItsServer", clobber=True)
fsspec.register_implementation("ssh", "integrations.inbox.sftp.SftpThatKnowsItsServer", clobber=True)

_BLOCK = 1 << 20
# A clock that is wrong by more than a day says nothing about how long a file has been lying there, in seconds.
_NO_CLOCK = 86_400
_OBJECT_STORES = frozenset({"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "oss"})
# Options that may come from a variable and may be told all the same.
_NO_SECRETS = frozenset({"username", "user", "port", "endpoint_url", "known_hosts"})
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
    """An address where statements arrive, and the archive that takes them afterwards.

    Holds its connection from the first use until `close`, and closes it as a context manager. ``options`` are those of
    the address's kind of place; those named in ``secrets`` are never told.
    """

    address: str
    options: Mapping[str, Any] = field(repr=False)
    archive: str | None = None
    settle_seconds: int = 0
    secrets: frozenset[str] = frozenset()
    _opened: dict[str, tuple[Any, str]] = field(default_factory=dict, repr=False, compare=False)

    def __enter__(self) -> "Inbox":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the connection; the next use opens it anew."""
        for system, _ in self._opened.values():
            client = getattr(system, "client", None)
            if client is not None and hasattr(client, "close"):
                with suppress(Exception):
                    client.close()
        self._opened.clear()

    def arrivals(self, now: datetime) -> list[Arrival]:
        """The files that lie there complete, by name. Files still being written, and hidden ones, wait.

        Raises InboxUnreachable when the address cannot be listed or does not exist.
        """
        system, root = self._open()
        try:
            # Object stores remember what they listed; what arrived since would never be seen.
            system.invalidate_cache()
            listed = system.find(root, maxdepth=1, detail=True, withdirs=False)
        except Exception as error:
            self.close()
            message = (
                f"{self.address}: cannot be listed ({self._said(error)}); check address and rights, then run again"
            )
            raise InboxUnreachable(message) from error
        if not listed and not self._exists(system, root):
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
        except Exception as error:
            self.close()
            message = f"{arrival.path}: cannot be read ({self._said(error)}); check the rights, then run again"
            raise InboxUnreachable(message) from error

    def put_away(self, arrival: Arrival, sha256: str) -> None:
        """Move a file that is safely in the ledger to the archive, named by its hash; without an archive it stays.

        A file already archived under that hash is simply removed from the inbox; one that is gone was put away by
        another run; one that meanwhile holds something else was replaced by the bank and stays for the next run.
        Raises InboxUnreachable.
        """
        if self.archive is None:
            return
        try:
            system, _ = self._open()
            target_system, target_root = self._place(self.archive)
            target = f"{target_root.rstrip('/')}/{sha256[:2]}/{sha256}{PurePosixPath(arrival.name).suffix.lower()}"
            target_system.makedirs(target.rsplit("/", 1)[0], exist_ok=True)
            system.invalidate_cache()
            with system.open(arrival.path, "rb") as source, target_system.open(target + ".part", "wb") as copy:
                digest = _copied(source, copy)
            if digest != sha256:
                target_system.rm_file(target + ".part")
                return
            target_system.mv(target + ".part", target)
            system.rm_file(arrival.path)
        except FileNotFoundError:
            return  # another run was faster
        except Exception as error:
            if getattr(error, "errno", None) == EBUSY:
                return  # what object stores say of a file that is replaced while it is read
            self.close()
            message = f"{arrival.path}: cannot be moved to {self.archive} ({self._said(error)}); it stays in the inbox"
            raise InboxUnreachable(message) from error

    def _open(self) -> tuple[Any, str]:
        return self._place(self.address)

    def _place(self, address: str) -> tuple[Any, str]:
        """The file system of an address and the path in it; options are only for places of the inbox's own kind."""
        if address not in self._opened:
            same = address.partition("://")[0] == self.address.partition("://")[0] or "://" not in self.address
            try:
                # Never one from fsspec's memory: its connection may have died long ago.
                given = {**(self.options if same else {}), "skip_instance_cache": True}
                self._opened[address] = fsspec.core.url_to_fs(address, **given)
            except Exception as error:
                message = f"{address}: this address cannot be opened ({self._said(error)}); correct the bank's settings"
                raise InboxUnreachable(message) from error
        return self._opened[address]

    def _exists(self, system: Any, root: str) -> bool:
        """Whether files can arrive there; in an object store there are no folders, only the bucket must exist."""
        try:
            kind = self.address.partition("://")[0]
            return bool(system.exists(root.split("/", maxsplit=1)[0] if kind in _OBJECT_STORES else root))
        except Exception as error:
            self.close()
            message = (
                f"{self.address}: cannot be listed ({self._said(error)}); check address and rights, then run again"
            )
            raise InboxUnreachable(message) from error

    def _said(self, error: Exception) -> str:
        """What a library said, without the secrets that it was given."""
        text = str(error) or type(error).__name__
        for name in self.secrets - _NO_SECRETS:
            held = str(self.options.get(name, ""))
            text = text.replace(held, "…") if held else text
        return text

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
        age = (now - arrival.modified).total_seconds()
        return age >= self.settle_seconds or age < -_NO_CLOCK


def sha256_of(path: Path) -> str:
    """The file's SHA-256, read in blocks."""
    digest = hashlib.sha256()
    with path.open("rb") as source:
        for block in _blocks(source):
            digest.update(block)
    return digest.hexdigest()


def _copied(source: Any, copy: Any) -> str:
    """Copy in blocks; the SHA-256 of what was copied."""
    digest = hashlib.sha256()
    for block in _blocks(source):
        digest.update(block)
        copy.write(block)
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
