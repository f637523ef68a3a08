"""Makes calls for a while, and says how many there were, how long each took and what CPU time they used."""

import asyncio
import time
from dataclasses import dataclass

from benchmarks.contenders.target import Call

__all__ = ["Sample", "drive"]


@dataclass(frozen=True, slots=True)
class Sample:
    """One round of one contender.

    Attributes:
        calls: How many ended.
        seconds: From the first call's begin to the last one's end.
        cpu: CPU seconds of the client's process, all threads, kernel time included.
        p50: The median latency in milliseconds.
        p99: The latency in milliseconds that one call in a hundred exceeds.
    """

    calls: int
    seconds: float
    cpu: float
    p50: float
    p99: float


async def drive(call: Call, *, at_once: int, seconds: float = 0.0, calls: int = 0, records: int) -> Sample:
    """Keep `at_once` calls open until the time is over and that many calls were made; each of them makes at least one.

    Args:
        call: Makes one call and tells how many records it got.
        at_once: How many callers there are; each begins its next call when its last one ended.
        seconds: How long to go on.
        calls: How many calls to make at least.
        records: How many records each reply must hold.

    Raises:
        ValueError: A reply held another number.
    """
    latencies: list[float] = []
    end = time.perf_counter() + seconds

    async def caller() -> None:
        while True:
            begun = time.perf_counter()
            got = await call()
            ended = time.perf_counter()
            if got != records:
                raise ValueError(f"the reply held {got} records, not {records}")
            latencies.append((ended - begun) * 1000)
            # Those that the others are about to finish count.
            if ended >= end and len(latencies) + at_once > calls:
                return

    wall, cpu = time.perf_counter(), time.process_time()
    async with asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(caller())
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    latencies.sort()
    return Sample(len(latencies), wall, cpu, _at(latencies, 0.5), _at(latencies, 0.99))


def _at(values: list[float], share: float) -> float:
    return values[min(int(len(values) * share), len(values) - 1)]
