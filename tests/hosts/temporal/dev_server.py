"""Temporal's own development server, with its data in a file, so that it can be restarted."""

import asyncio
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from temporalio.client import Client

from modulex_mem0.hosts.temporal import ConnectionFailedError, connect

PATIENCE = 60.0
PROGRAM = shutil.which("temporal", path=str(Path(sys.executable).parent)) or shutil.which("temporal")


class DevServer:
    """Runs while it is entered, at an address that stays the same when it is started again."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        self._database = folder / "temporal.db"
        self._log = folder / "temporal.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        assert PROGRAM is not None
        command = [PROGRAM, "server", "start-dev", "--headless", "--ip", "127.0.0.1", "--port", str(self.port)]
        command += ["--db-filename", str(self._database), "--log-level", "error"]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(PATIENCE)

    async def client(self) -> Client:
        """A client, as soon as the server answers."""
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    return await connect(self.address)
                except ConnectionFailedError:
                    await asyncio.sleep(0.05)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
