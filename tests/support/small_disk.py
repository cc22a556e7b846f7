"""A real disk of a few megabytes that can be filled, emptied and made read-only: a memory disk, mounted by root."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class SmallDisk:
    """A folder on a disk of its own."""

    folder: Path

    def fill(self, *, leaving: int) -> None:
        """Take up all space but so many bytes."""
        there = os.statvfs(self.folder)
        with (self.folder / "ballast").open("wb") as ballast:
            ballast.write(b"\0" * max(0, there.f_bavail * there.f_frsize - leaving))

    def make_room(self) -> None:
        """Give the space back."""
        (self.folder / "ballast").unlink()

    def remount(self, how: str) -> None:
        """``ro`` or ``rw``."""
        _mount("-o", f"remount,{how}", str(self.folder))


def _mount(*arguments: str) -> None:
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no disk can be mounted here: {done.stderr.strip()}")


@contextmanager
def small_disk(folder: Path, *, megabytes: int) -> Iterator[SmallDisk]:
    """A disk of that size at that place for as long as the block lasts."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a disk to be filled")
    folder.mkdir(parents=True)
    _mount("-t", "tmpfs", "-o", f"size={megabytes}m,mode=777", "tmpfs", str(folder))
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
