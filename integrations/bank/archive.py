"""Zips of statements, opened member by member under limits that no honest bank reaches.

Several banks deliver a day as one zip of CAMT files. Each member is unpacked to a temporary file (in memory while it
is small) and only handed on when its length, its ratio and its check sum are known to be right: a damaged or hostile
archive is refused before anything of that member was read.
"""

import io
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, BinaryIO, cast

from integrations.bank.detect import HEAD_BYTES
from integrations.bank.errors import UnreadableStatement

_CHUNK = 1 << 18
_ZIP_MAGIC = b"PK\x03\x04"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveLimits:
    """What a zip may hold: members, bytes when unpacked (all members together), how often a byte may be unfolded
    beyond the first megabyte, and how many zips may stand inside each other (1 = no zip in a zip).
    """

    members: int = 2_000
    unpacked_bytes: int = 4_000_000_000
    ratio: int = 200
    nesting: int = 2


class _Budget:
    """What is left of the limits while one outermost archive is read."""

    def __init__(self, limits: ArchiveLimits) -> None:
        self.limits = limits
        self.members = limits.members
        self.unpacked = limits.unpacked_bytes


def members(source: BinaryIO, name: str, limits: ArchiveLimits) -> Iterator[tuple[str, BinaryIO]]:
    """Each file in the zip with its name inside it, in the order of the directory; zips inside are opened too.

    The stream of a member is only valid until the next one is asked for. Raises UnreadableStatement where the
    archive is damaged, encrypted or over a limit.
    """
    yield from _members(source, name, _Budget(limits), limits.nesting)


def _members(source: BinaryIO, name: str, budget: _Budget, nesting: int) -> Iterator[tuple[str, BinaryIO]]:
    if nesting < 1:
        raise UnreadableStatement(f"{name} holds a zip inside a zip inside a zip; unpack it and deliver its files")
    try:
        archive = zipfile.ZipFile(source)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, OSError, ValueError, NotImplementedError) as damage:
        raise UnreadableStatement(f"{name} is a damaged zip ({damage}); fetch it from the bank again") from damage
    with archive:
        for info in archive.infolist():
            if info.is_dir() or _is_clutter(info.filename):
                continue
            budget.members -= 1
            if budget.members < 0:
                raise UnreadableStatement(f"{name} holds more than {budget.limits.members} files; split it")
            with _unpacked(archive, info, name, budget) as member:
                if _head(member, 4) == _ZIP_MAGIC:
                    for inner, stream in _members(member, f"{name}/{info.filename}", budget, nesting - 1):
                        yield f"{info.filename}/{inner}", stream
                else:
                    yield info.filename, member


def _is_clutter(path: str) -> bool:
    """What a Mac or Windows adds to an archive by itself."""
    last = path.rsplit("/", 1)[-1]
    return path.startswith("__MACOSX/") or last in {".DS_Store", "Thumbs.db", "desktop.ini"}


@contextmanager
def _unpacked(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, budget: _Budget) -> Iterator[BinaryIO]:
    """The member as a seekable stream, complete and with its check sum verified."""
    where = f"{info.filename} in {name}"
    if info.flag_bits & 0x1:
        raise UnreadableStatement(f"{where} is encrypted; deliver it without a password")
    allowed = max(1 << 20, info.compress_size * budget.limits.ratio)
    with tempfile.SpooledTemporaryFile(max_size=4 << 20) as spool:
        try:
            with archive.open(info) as packed:
                _copy(packed, cast("BinaryIO", spool), where, allowed, budget)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as damage:
            raise UnreadableStatement(f"{where} is damaged ({damage}); fetch it from the bank again") from damage
        spool.seek(0)
        yield cast("BinaryIO", spool)


def _copy(packed: IO[bytes], target: BinaryIO, where: str, allowed: int, budget: _Budget) -> None:
    size = 0
    while chunk := packed.read(_CHUNK):
        size += len(chunk)
        budget.unpacked -= len(chunk)
        if size > allowed:
            raise UnreadableStatement(f"{where} unfolds to more than {budget.limits.ratio} times its size; refused")
        if budget.unpacked < 0:
            raise UnreadableStatement(f"{where} unfolds beyond {budget.limits.unpacked_bytes} bytes; refused")
        target.write(chunk)


def _head(stream: BinaryIO, size: int = HEAD_BYTES) -> bytes:
    head = stream.read(size)
    stream.seek(0, io.SEEK_SET)
    return head
