"""An SFTP server on loopback over a folder, for as long as a test needs it."""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import paramiko

USER, PASSWORD = "bank", "hunter2"


@dataclass(kw_only=True)
class Sftp:
    """Where it listens, the folder it shows, and its key as a known_hosts file has it."""

    port: int
    folder: Path
    known_host: str
    before_open: Callable[[str], None] = lambda path: None
    connections: list[paramiko.Transport] = field(default_factory=list)

    @property
    def alive(self) -> int:
        return sum(one.is_active() for one in self.connections)


class _SignIn(paramiko.ServerInterface):
    def check_auth_password(self, username: str, password: str) -> int:
        fine = (username, password) == (USER, PASSWORD)
        return paramiko.AUTH_SUCCESSFUL if fine else paramiko.AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.OPEN_SUCCEEDED

    def get_allowed_auths(self, username: str) -> str:
        return "password"


class _Handle(paramiko.SFTPHandle):
    readfile: Any
    writefile: Any

    def stat(self) -> Any:
        return paramiko.SFTPAttributes.from_stat(os.fstat(self.readfile.fileno()))


class _Files(paramiko.SFTPServerInterface):
    """The folder's files; what the operating system says is what the client hears."""

    def __init__(self, server: Any, *_: Any, sftp: Sftp) -> None:
        self._sftp = sftp

    def _real(self, path: str) -> Path:
        return self._sftp.folder / self.canonicalize(path).lstrip("/")

    def _tried(self, work: Callable[[], Any]) -> Any:
        try:
            done = work()
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)
        return paramiko.SFTP_OK if done is None else done

    def list_folder(self, path: str) -> Any:
        def listed() -> list[Any]:
            found = []
            for one in sorted(self._real(path).iterdir()):
                facts = paramiko.SFTPAttributes.from_stat(one.stat())
                facts.filename = one.name
                found.append(facts)
            return found

        return self._tried(listed)

    def stat(self, path: str) -> Any:
        return self._tried(lambda: paramiko.SFTPAttributes.from_stat(self._real(path).stat()))

    lstat = stat

    def open(self, path: str, flags: int, attr: Any) -> Any:
        self._sftp.before_open(path)

        def opened() -> _Handle:
            mode = "r+b" if flags & (os.O_WRONLY | os.O_RDWR) else "rb"
            descriptor = os.open(self._real(path), flags, 0o644)
            handle = _Handle(flags)
            handle.readfile = handle.writefile = os.fdopen(descriptor, mode if mode == "rb" else "w+b")
            return handle

        return self._tried(opened)

    def remove(self, path: str) -> Any:
        return self._tried(self._real(path).unlink)

    def rename(self, oldpath: str, newpath: str) -> Any:
        return self._tried(lambda: self._real(oldpath).rename(self._real(newpath)) and None)

    posix_rename = rename

    def mkdir(self, path: str, attr: Any) -> Any:
        return self._tried(self._real(path).mkdir)


@contextmanager
def running_sftp(folder: Path) -> Iterator[Sftp]:
    """A server that shows the folder as its root; nobody but USER with PASSWORD may in."""
    key = paramiko.ECDSAKey.generate()
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    sftp = Sftp(port=port, folder=folder, known_host=f"[127.0.0.1]:{port} {key.get_name()} {key.get_base64()}")

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            transport = paramiko.Transport(connection)
            transport.add_server_key(key)
            transport.set_subsystem_handler("sftp", paramiko.SFTPServer, _Files, sftp=sftp)
            sftp.connections.append(transport)
            # A client that knows another key, or goes away, is no trouble of the server's.
            with suppress(paramiko.SSHException, EOFError, OSError):
                transport.start_server(server=_SignIn())

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield sftp
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for transport in sftp.connections:
            transport.close()
        thread.join(5)
