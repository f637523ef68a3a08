"""What the parts of a call take by themselves: `python -m benchmarks.parts [RECORDS]`.

Each part is repeated alone, so that its code and data stay in the processor's caches: within a call it takes up to
twice as long. The shares are what this tells.
"""

import asyncio
import sys
import timeit
from collections.abc import Callable, Iterator
from typing import Any

import httpx

from benchmarks.contenders.target import KEY, Target
from benchmarks.report.markdown import number, table
from benchmarks.server.replies import USER, canned_replies
from modulex_mem0.mem0.actions.search_memories import search_memories
from modulex_mem0.mem0.replies.lists import search_results
from modulex_mem0.runtime import Runtime
from modulex_mem0.runtime.calling import PreparedAction
from modulex_mem0.runtime.credentials import resolve_credential, sealed
from modulex_mem0.runtime.deadline import Deadline
from modulex_mem0.runtime.http.client import BoundClient
from modulex_mem0.runtime.http.reply import HttpReply
from modulex_mem0.runtime.http.transports import Transports
from modulex_mem0.runtime.outputs import output_check
from modulex_mem0.runtime.own_task import ended_in_time

__all__ = ["parts"]

Part = Callable[[], object]


def parts(runtime: Runtime, records: int) -> Iterator[tuple[str, Part]]:
    """Each part of a search, and a function that does it once."""
    target = Target("http://127.0.0.1:8080", records)
    asked = {"user_id": USER, "query": target.body()["query"], "limit": records}
    profile = runtime.integrations["mem0"].profile
    given = sealed({"api_key": KEY, "base_url": target.base_url})
    resolved = resolve_credential(profile, given)
    assert resolved is not None
    service = resolved.service()
    assert service is not None
    prepared = PreparedAction(search_memories)
    transports = Transports(runtime.settings)
    client = BoundClient(transports, runtime.settings, service, Deadline(30), safe_to_retry=True)
    body = canned_replies(records)[b"POST /v3/memories/search/"].partition(b"\r\n\r\n")[2]
    reply = HttpReply(200, httpx.Headers(), body, resolved.redactor)
    check_output = output_check(search_memories).checked
    shape: Any = search_memories.output
    output = shape.model_construct(success=True, error=None, search_results=search_results(reply), ids=[])

    yield "resolve the credential", lambda: resolve_credential(profile, given)
    yield "fill the scheme's templates", resolved.service
    yield "check the input", lambda: prepared.check_input(asked)
    yield "build the request", lambda: client._build("POST", "/v3/memories/search/", None, target.body())  # noqa: SLF001
    yield "mask the reply", lambda: HttpReply(200, reply._headers, body, resolved.redactor)  # noqa: SLF001
    yield "decode and read the records", lambda: search_results(reply)
    yield "of which decoding alone", reply.json
    yield "serialise and check the output", lambda: check_output(output)


async def _task() -> float:
    async def nothing() -> None:
        pass

    async def many() -> float:
        begun = timeit.default_timer()
        for _ in range(2000):
            await ended_in_time(nothing, 30)
        return (timeit.default_timer() - begun) / 2000

    return min([await many() for _ in range(9)])


async def _main(records: int) -> None:
    runtime = Runtime()
    repeats = max(20, 20_000 // records)
    rows = []
    for what, part in parts(runtime, records):
        seconds = min(timeit.repeat(part, number=repeats, repeat=9)) / repeats
        rows.append([what, number(seconds * 1e6)])
    rows.append(["a task of its own", number(await _task() * 1e6)])
    print(table([f"{records} records", "µs"], rows))
    await runtime.aclose()


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1]) if len(sys.argv) > 1 else 10))
