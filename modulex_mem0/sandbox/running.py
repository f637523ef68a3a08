"""A sandbox on a thread of this process, for as long as a ``with`` block lasts."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from modulex_mem0.sandbox.embedder import choose_mode
from modulex_mem0.sandbox.faults import FaultBoard
from modulex_mem0.sandbox.faults.rules import parse_rules
from modulex_mem0.sandbox.keyring import Keyring
from modulex_mem0.sandbox.serving import SandboxServer
from modulex_mem0.sandbox.settings import SandboxSettings, SearchMode


@dataclass(frozen=True)
class RunningSandbox:
    """A sandbox that is being served.

    Attributes:
        base_url: Where, without a trailing slash.
        api_key: The first of its keys.
        search_mode: ``semantic`` or ``lexical``, whichever ``auto`` came to.
    """

    base_url: str
    api_key: str
    search_mode: SearchMode
    _keyring: Keyring = field(repr=False)
    _faults: FaultBoard = field(repr=False)

    @property
    def headers(self) -> dict[str, str]:
        """The headers that a request needs."""
        return {"Authorization": f"Token {self.api_key}"}

    def with_fresh_project(self) -> RunningSandbox:
        """The same server seen through a new key, which opens an empty project."""
        return replace(self, api_key=self._keyring.add_fresh())

    def set_faults(self, *rules: dict[str, Any]) -> None:
        """Act these faults out from now on, and no others; they concern the whole server, whatever the key.

        Raises:
            FaultsError: A rule makes no sense.
        """
        self._faults.replace(parse_rules(list(rules)))


@contextmanager
def running_sandbox(settings: SandboxSettings | None = None, **overrides: Any) -> Iterator[RunningSandbox]:  # noqa: ANN401
    """Serve a sandbox on a background thread and a free port.

    Args:
        settings: What to start from.
        **overrides: Single settings to change, as named in ``SandboxSettings``.

    Raises:
        ValueError: A setting is out of range.
        DataFileError: The data file cannot be used.
        MissingEmbedderError: Semantic search was asked for and cannot be had.
        FaultsError: The faults file cannot be used.
    """
    settings = replace(settings or SandboxSettings(), **overrides)
    server = SandboxServer(settings)
    failures: list[Exception] = []

    def run() -> None:
        try:
            server.serve_until_told()
        except Exception as error:
            failures.append(error)

    thread = threading.Thread(target=run, name="sandbox-server", daemon=True)
    thread.start()
    server.ready.wait()
    try:
        if failures:
            raise failures[0]
        key = settings.keys[0].partition("=")[0]
        mode = choose_mode(settings.search_mode)
        yield RunningSandbox(server.base_url, key, mode, server.app.state.keyring, server.app.state.faults)
    finally:
        server.should_exit = True
        thread.join()
