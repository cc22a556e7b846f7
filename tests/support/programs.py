"""Servers that the tests start for themselves: found, or installed from Debian where that is possible, else skipped."""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest


def program(name: str, *packages: str, also: tuple[str, ...] = ()) -> str:
    """The path of a program; where it is missing its Debian packages are installed, else the test is skipped."""
    for one in (name, *also):
        if found := shutil.which(one) or shutil.which(one, path="/usr/sbin:/sbin"):
            return found
    if packages and shutil.which("apt-get") and os.geteuid() == 0:
        # A server that is only started by tests must not be started by its package.
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
        subprocess.run(["apt-get", "update", "-qq"], check=False, capture_output=True)
        subprocess.run(["apt-get", "install", "-y", "-qq", *packages], check=False, capture_output=True, env=quiet)
        if found := shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin"):
            return found
    pytest.skip(f"NO {name.upper()}: install the package {' '.join(packages) or name} to run these tests")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, process: subprocess.Popen[bytes], patience: float = 30.0) -> None:
    """Until somebody listens there. Fails the test when the program ends instead."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        assert process.poll() is None, f"{process.args} has ended with {process.returncode}"
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    message = f"{process.args} did not listen on port {port} within {patience} s"
    raise AssertionError(message)


@contextlib.contextmanager
def running_redis() -> Iterator[str]:
    """A Redis of our own on loopback that keeps nothing; gives its address."""
    server = program("redis-server", "redis-server")
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="redis-") as folder:
        command = [server, "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no"]
        log = Path(folder) / "log"
        with log.open("wb") as said:
            process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        try:
            wait_for(port, process)
            yield f"redis://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(10)
