"""The process of one contender: `python -m benchmarks.worker NAME`, a command a line in, an answer a line out."""

import asyncio
import gc
import json
import os
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

from benchmarks.contenders.target import Call, Target
from benchmarks.load import drive
from benchmarks.roster import module_of
from benchmarks.steps import longest_step

__all__ = ["Worker"]

_WARM_UP = 0.15
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Worker:
    """Keeps what the contender opened from one command to the next, on one event loop."""

    def __init__(self, name: str) -> None:
        self._module = module_of(name)
        self._pooled = getattr(self._module, "POOLED", True)
        self._stack = AsyncExitStack()
        self._target: Target | None = None
        self._call: Call

    async def measure(self, command: dict[str, Any]) -> dict[str, Any]:
        """Carry out a command: `url`, `records`, `at_once`, `seconds` or `calls`; `watch` times the loop's steps."""
        await self._open(Target(command["url"], command["records"]))
        load = {name: command[name] for name in ("at_once", "records")}
        if self._pooled and not command.get("warm"):
            # Connections that were idle since the last turn are gone; opening them is not what is measured.
            await drive(self._call, **load, seconds=_WARM_UP, calls=2 * load["at_once"])
            load["calls"] = 3 * load["at_once"]
        load |= {name: command[name] for name in ("seconds", "calls") if name in command}
        if not command.get("watch"):
            return asdict(await drive(self._call, **load)) | _memory()
        with longest_step() as longest:
            sample = await drive(self._call, **load)
        return asdict(sample) | {"longest_step": asdict(longest)}

    async def close(self) -> None:
        """Close what is open."""
        await self._stack.aclose()

    async def _open(self, target: Target) -> None:
        if target == self._target:
            return
        await self.close()
        self._target = target
        self._call = await self._stack.enter_async_context(self._module.opened(target))
        gc.collect()


def _memory() -> dict[str, int]:
    """Memory in use: pages of the process, and blocks that Python has given out."""
    resident = int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE if Path("/proc/self/statm").exists() else 0
    return {"rss": resident, "blocks": sys.getallocatedblocks()}


@contextmanager
def _answers() -> Iterator[TextIO]:
    """Standard output for the answers alone: what a library prints goes to standard error."""
    with os.fdopen(os.dup(1), "w", buffering=1) as answers:
        os.dup2(2, 1)
        yield answers


def _main() -> None:
    with _answers() as answers, asyncio.Runner() as runner:
        worker = Worker(sys.argv[1])
        for line in sys.stdin:
            answer = runner.run(worker.measure(json.loads(line)))
            answers.write(json.dumps(answer) + "\n")
        runner.run(worker.close())


if __name__ == "__main__":
    _main()
