"""SFTP that knows its server: nothing is sent to, and nothing believed from, a server whose key is not known."""

from pathlib import Path
from typing import Any

import paramiko
from fsspec.implementations.sftp import SFTPFileSystem


class SftpThatKnowsItsServer(SFTPFileSystem):  # type: ignore[misc]  # fsspec has no types
    """fsspec's SFTP, with the server's key checked against ``known_hosts`` (else the user's own file of that name)."""

    def __init__(self, host: str, *, known_hosts: str = "", **given: Any) -> None:
        self._known_hosts = known_hosts
        super().__init__(host, **given)

    def _connect(self) -> None:
        """Connect and sign in. Raises SSHException where the server's key is unknown or another one than before."""
        self.client = paramiko.SSHClient()
        self.client.set_missing_host_key_policy(_Unknown())
        if self._known_hosts:
            self.client.load_host_keys(str(Path(self._known_hosts).expanduser()))
        else:
            self.client.load_system_host_keys()
        try:
            self.client.connect(self.host, **{"timeout": 30, **self.ssh_kwargs})
            self.ftp = self.client.open_sftp()
        except BaseException:
            self.client.close()
            raise


class _Unknown(paramiko.MissingHostKeyPolicy):  # type: ignore[misc]  # nor has paramiko
    """Refuses, and says how to make the server known."""

    def missing_host_key(self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey) -> None:  # noqa: ARG002
        message = (
            f"the server's {key.get_name()} key {key.fingerprint} is not known; compare it with what the bank says, "
            "then add it with `ssh-keyscan` to the file in `options: {known_hosts: ...}`"
        )
        raise paramiko.SSHException(message)
