"""Starts the server and asks it what it counted."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import trustme

__all__ = ["RunningServer", "running_server"]


@dataclass(frozen=True, slots=True)
class RunningServer:
    """Where the server listens.

    Attributes:
        ports: By scheme, then by number of records.
        authority: The certificate that clients must trust for https.
    """

    ports: dict[str, dict[int, int]]
    authority: Path

    def url(self, scheme: str, records: int) -> str:
        """The base URL whose replies carry that many records."""
        return f"{scheme}://127.0.0.1:{self.ports[scheme][records]}"

    def counts(self) -> dict[str, float]:
        """Calls answered, connections opened, and CPU seconds used, so far."""
        connection = HTTPConnection("127.0.0.1", next(iter(self.ports["http"].values())))
        try:
            connection.request("GET", "/counts")
            counts: dict[str, float] = json.load(connection.getresponse())
        finally:
            connection.close()
        return counts


@contextmanager
def running_server() -> Iterator[RunningServer]:
    """The server, while the block lasts."""
    with tempfile.TemporaryDirectory() as folder:
        authority, served = Path(folder) / "authority.pem", Path(folder) / "served.pem"
        issuer = trustme.CA()
        issuer.cert_pem.write_to_path(str(authority))
        issuer.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(served))
        command = [sys.executable, "-m", "benchmarks.server", str(served)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            told = json.loads(process.stdout.readline())
            ports = {scheme: {int(n): port for n, port in by_records.items()} for scheme, by_records in told.items()}
            try:
                yield RunningServer(ports, authority)
            finally:
                process.stdin.close()
                process.wait(10)
