"""One user with many memories: what a search, a list and an add then take, ``python -m benchmarks.sandbox.volume``.

The sandbox runs in a process of its own. An add is timed as a caller sees it, with its fact found, compared with what
is known, stored, indexed and (in semantic mode) embedded before the reply.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial

import httpx

from benchmarks.sandbox.modes import available_modes
from benchmarks.sandbox.sentences import Sentences
from modulex_mem0.sandbox import SearchMode, sandbox_process

__all__ = ["Volume", "main", "measure"]

_USER = {"user_id": "collector"}
_MARKS = (100, 1_000, 10_000)
_CHUNK = 100
_ADDS = 200
_READS = 100
_PAGE = 100


@dataclass(frozen=True)
class Spread:
    """Milliseconds that half of the calls stayed below, and that 95 of 100 did."""

    p50: float
    p95: float


@dataclass(frozen=True)
class Volume:
    """What one search mode took, in milliseconds.

    Attributes:
        adds: By how many memories were stored before.
    """

    mode: SearchMode
    memories: int
    search: Spread
    list: Spread
    adds: dict[int, Spread] = field(default_factory=dict)


def measure(mode: SearchMode, memories: int) -> Volume:
    """Fill a fresh sandbox up to ``memories``, and time adds on the way and reads at the end."""
    sentences = Sentences(random.Random(1))  # noqa: S311 - the same texts in every run
    with (
        sandbox_process(delay=0, search_mode=mode) as sandbox,
        httpx.Client(base_url=sandbox.base_url, headers=sandbox.headers, timeout=120) as client,
    ):
        adds: dict[int, Spread] = {}
        stored = 0
        for mark in (*(mark for mark in _MARKS if mark < memories), memories):
            stored = _fill(client, sentences, stored, mark)
            adds[mark] = _spread(_adds(client, sentences))
            stored += _ADDS
        search = _spread(_searches(client, sentences))
        pages = _spread(_lists(client, stored))
        count = _list(client, 1).json()["count"]
        if count != stored:
            raise RuntimeError(f"{stored} memories were added, and {count} are there")
    return Volume(mode, memories, search, pages, adds)


def _fill(client: httpx.Client, sentences: Sentences, stored: int, mark: int) -> int:
    while stored < mark:
        texts = [sentences.fact() for _ in range(min(_CHUNK, mark - stored))]
        messages = [{"role": "user", "content": text} for text in texts]
        client.post("/v3/memories/add/", json={"messages": messages, "infer": False, **_USER}).raise_for_status()
        stored += len(texts)
    return stored


def _adds(client: httpx.Client, sentences: Sentences) -> Iterator[Callable[[], httpx.Response]]:
    for _ in range(_ADDS):
        body = {"messages": [{"role": "user", "content": f"{sentences.fact()}."}], **_USER}
        yield partial(client.post, "/v3/memories/add/", json=body)


def _searches(client: httpx.Client, sentences: Sentences) -> Iterator[Callable[[], httpx.Response]]:
    for _ in range(_READS):
        body = {"query": sentences.question(), "filters": _USER}
        yield partial(client.post, "/v3/memories/search/", json=body)


def _lists(client: httpx.Client, stored: int) -> Iterator[Callable[[], httpx.Response]]:
    last = -(-stored // _PAGE)
    for number in range(_READS):
        page = 1 + number * (last - 1) // max(1, _READS - 1)
        yield partial(_list, client, page)


def _list(client: httpx.Client, page: int) -> httpx.Response:
    return client.post("/v3/memories/", params={"page": page, "page_size": _PAGE}, json={"filters": _USER})


def _spread(calls: Iterator[Callable[[], httpx.Response]]) -> Spread:
    times = []
    for call in calls:
        began = time.perf_counter()
        reply = call()
        times.append((time.perf_counter() - began) * 1000)
        reply.raise_for_status()
    return Spread(round(statistics.median(times), 1), round(statistics.quantiles(times, n=20)[18], 1))


def _table(volumes: Sequence[Volume]) -> list[str]:
    marks = list(volumes[0].adds)
    headings = ["search", "list", *(f"add at {mark:,}" for mark in marks)]
    lines = [
        f"{volumes[0].memories:,} memories of one user; milliseconds, p50 / p95",
        f"{'mode':<10}" + "".join(f"{heading:>16}" for heading in headings),
    ]
    for volume in volumes:
        spreads = [volume.search, volume.list, *(volume.adds[mark] for mark in marks)]
        lines.append(f"{volume.mode:<10}" + "".join(f"{f'{one.p50:.1f} / {one.p95:.1f}':>16}" for one in spreads))
    return lines


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print a table, or JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sandbox.volume", description=__doc__)
    parser.add_argument("--memories", type=int, default=_MARKS[-1], help="how many to store (default: %(default)s)")
    parser.add_argument("--mode", choices=("lexical", "semantic"), help="only this mode (default: both)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(arguments)
    if options.memories < 1:
        parser.error("--memories must be at least 1")
    volumes = [measure(mode, options.memories) for mode in ([options.mode] if options.mode else available_modes())]
    lines = [json.dumps([asdict(volume) for volume in volumes], indent=2)] if options.json else _table(volumes)
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
