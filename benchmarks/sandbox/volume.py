"""Times of a search, a list and an add for a user with many memories: `python -m benchmarks.sandbox.volume`.

The sandbox runs in a process of its own. An add is timed as a caller sees it: its fact is found, compared with what is
known, stored, indexed and (in semantic mode) embedded before the reply.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from random import Random
from statistics import median, quantiles
from typing import Any

import httpx

from benchmarks.sandbox import available_modes
from modulex_mem0.sandbox import SearchMode, sandbox_process

__all__ = ["Spread", "Volume", "measure"]

_USER = {"user_id": "collector"}
_MARKS = (100, 1_000, 10_000)
_CHUNK = 100
_ADDS = 200
_READS = 100
_PAGE = 100

_VERBS = ("bought", "lost", "painted", "borrowed", "repaired", "sold", "found", "admired", "forgot", "inherited")
_THINGS = (
    "guitar", "bicycle", "kettle", "novel", "lamp", "camera", "carpet", "violin", "boat", "clock", "scarf", "map",
    "mirror", "telescope", "chessboard", "suitcase", "ladder", "piano", "tent", "umbrella",
)  # fmt: skip
_PLACES = ("Oslo", "Lisbon", "Kyoto", "Quito", "Cairo", "Dublin", "Perth", "Lima", "Turin", "Bergen", "Accra", "Riga")
_PEOPLE = ("my aunt", "a colleague", "my dentist", "an old friend", "the neighbour", "my cousin", "a stranger")
_QUESTIONS = ("Who was there when I {} the {}?", "In which city is the {1} that I {0}?", "Did I ever mention a {1}?")


@dataclass(frozen=True)
class Spread:
    """Milliseconds that half of the calls stayed below, and that 95 of 100 did."""

    p50: float
    p95: float


@dataclass(frozen=True)
class Volume:
    """What one search mode took; `adds` by how many memories were stored before."""

    mode: SearchMode
    memories: int
    search: Spread
    list: Spread
    adds: dict[int, Spread]


def measure(mode: SearchMode, memories: int) -> Volume:
    """Fill a fresh sandbox up to that many memories; time adds on the way, and reads at the end."""
    random = Random(1)  # noqa: S311 - the same texts in every run
    adds: dict[int, Spread] = {}
    stored = 0

    def fact() -> str:
        nonlocal stored
        stored += 1
        verb, thing, place, person = map(random.choice, (_VERBS, _THINGS, _PLACES, _PEOPLE))
        # The number makes it unlike all others.
        return f"I {verb} a {thing} in {place} with {person}, as number {stored} on my list"

    with (
        sandbox_process(delay=0, search_mode=mode) as sandbox,
        httpx.Client(base_url=sandbox.base_url, headers=sandbox.headers, timeout=120) as client,
    ):

        def add(*texts: str, **options: bool) -> httpx.Response:
            messages = [{"role": "user", "content": text} for text in texts]
            return client.post("/v3/memories/add/", json={"messages": messages, **_USER, **options})

        def search(question: str) -> httpx.Response:
            return client.post("/v3/memories/search/", json={"query": question, "filters": _USER})

        def page(number: int) -> httpx.Response:
            return client.post("/v3/memories/", params={"page": number, "page_size": _PAGE}, json={"filters": _USER})

        for mark in (*(mark for mark in _MARKS if mark < memories), memories):
            while stored < mark:
                add(*(fact() for _ in range(min(_CHUNK, mark - stored))), infer=False).raise_for_status()
            adds[mark] = _timed(add, [f"{fact()}." for _ in range(_ADDS)])
        questions = [
            random.choice(_QUESTIONS).format(random.choice(_VERBS), random.choice(_THINGS)) for _ in range(_READS)
        ]
        last = -(-stored // _PAGE)
        pages = [1 + number * (last - 1) // (_READS - 1) for number in range(_READS)]
        volume = Volume(mode, memories, _timed(search, questions), _timed(page, pages), adds)
        count = page(1).json()["count"]
    if count != stored:
        raise RuntimeError(f"{stored} memories were added, and {count} are there")
    return volume


def _timed(call: Callable[[Any], httpx.Response], arguments: Iterable[Any]) -> Spread:
    times = []
    for argument in arguments:
        began = time.perf_counter()
        reply = call(argument)
        times.append((time.perf_counter() - began) * 1000)
        reply.raise_for_status()
    return Spread(round(median(times), 1), round(quantiles(times, n=20)[18], 1))


def _main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sandbox.volume", description=__doc__)
    parser.add_argument("--memories", type=int, default=_MARKS[-1], help="how many to store (default: %(default)s)")
    parser.add_argument("--mode", choices=("lexical", "semantic"), help="only this mode (default: both)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    if options.memories < 1:
        parser.error("--memories must be at least 1")
    volumes = [measure(mode, options.memories) for mode in ([options.mode] if options.mode else available_modes())]
    if options.json:
        print(json.dumps([asdict(volume) for volume in volumes], indent=2))
        return
    headings = ["search", "list", *(f"add at {mark:,}" for mark in volumes[0].adds)]
    print(f"{options.memories:,} memories of one user; milliseconds, p50 / p95")
    print(f"{'mode':<10}" + "".join(f"{heading:>16}" for heading in headings))
    for volume in volumes:
        spreads = (volume.search, volume.list, *volume.adds.values())
        print(f"{volume.mode:<10}" + "".join(f"{f'{one.p50:.1f} / {one.p95:.1f}':>16}" for one in spreads))


if __name__ == "__main__":
    _main()
