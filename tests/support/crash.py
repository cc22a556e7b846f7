"""Kills a process at the n-th effect: a statement to the database, a commit, a file put on disk or in place."""

import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import URL, Engine

from integrations.ledger import database


@dataclass
class Effects:
    """Counts effects as they happen and stops the process, without any farewell, right at the wanted one."""

    kill_at: int = 0
    seen: list[str] = field(default_factory=list)

    def __call__(self, name: str) -> None:
        self.seen.append(name)
        if len(self.seen) == self.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self) -> None:
        """From now on in this process every effect counts, before and, for files, after it has happened."""
        event.listen(Engine, "before_cursor_execute", lambda *_: self("statement"))
        event.listen(Engine, "commit", lambda *_: self("commit"))
        replace, fsync = Path.replace, os.fsync

        def watched_replace(path: Path, target: Path) -> Path:
            self(f"before replacing {target.name}")
            done = replace(path, target)
            self(f"after replacing {target.name}")
            return done

        def watched_fsync(handle: int) -> None:
            self("before syncing")
            fsync(handle)

        Path.replace = watched_replace
        os.fsync = watched_fsync


def statements_compiled_once(patch: Callable[[object, str, object], None]) -> None:
    """Let all engines of this process and its forks share what SQLAlchemy has worked out about statements.

    Every night opens its ledger anew, and half of a short night is working out the same hundred statements again. One
    dialect object per kind of database makes the engines' caches one. ``patch`` is a monkeypatch's ``setattr``.
    """
    first: dict[str, Engine] = {}
    create = database.create_engine

    def sharing(url: URL, **options: Any) -> Engine:
        engine = create(url, **options)
        known = first.setdefault(engine.dialect.name, engine)
        engine.dialect, engine._compiled_cache = known.dialect, known._compiled_cache
        return engine

    patch(database, "create_engine", sharing)


@contextmanager
def memory_folder() -> Iterator[Path]:
    """A folder in memory where there is one: a killed process loses nothing that it had handed to the system."""
    folder = Path(tempfile.mkdtemp(prefix="crash-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def in_child(work: Callable[[], None], *, kill_at: int = 0, report: Path | None = None) -> int:
    """Run the work in a process of its own; its wait status. ``report`` receives the names of all effects.

    A fork, so that nothing has to be imported again: two hundred crashes take minutes, not hours.
    """
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        return status
    code = 1
    try:
        effects = Effects(kill_at=kill_at)
        effects.watch()
        work()
        if report is not None:
            report.write_text("\n".join(effects.seen))
        code = 0
    finally:
        os._exit(code)


def was_killed(status: int) -> bool:
    """Whether the child ended by the kill and not by an error of its own."""
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def ended_well(status: int) -> bool:
    """Whether the child came to its end."""
    return os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0
