"""The cost of a call, in counts and not in seconds: a count is the same on a busy machine.

Calls of Python functions are counted: those of our own package alone, which no other package's release changes, and
all of them with a wider margin. Comprehensions count as calls up to Python 3.11, so the bounds are for that version.
That a coroutine goes on after a wait is no call: how often one waits depends on how the bytes arrive.
"""

import asyncio
import dis
import gc
import itertools
import json
import subprocess
import sys
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import modulex_mem0
from modulex_mem0.contract import Integration, Profile, hookimpl
from modulex_mem0.runtime import Result, Runtime, RuntimeSettings
from modulex_mem0.runtime.telemetry import OPENTELEMETRY
from tests.helpers.scripted_server import ScriptedServer
from tests.helpers.steps import json_reply

pytestmark = pytest.mark.no_cover

# Measured, plus a tenth, or a quarter for all calls. A change that needs more has to say why; one that needs far less
# may lower them.
OWN_CALLS = {"pyreqwest": 125, "httpx": 134}
OWN_CALLS_WHEN_BOUND = {"pyreqwest": 88, "httpx": 97}
ALL_CALLS = {"pyreqwest": 288, "httpx": 1518}
OWN_CALLS_FOR_EACH_RECORD = 0.2
PEAK_FOR_EACH_BYTE_OF_THE_REPLY = 3.3
GROWTH = 1.1

_PACKAGE = str(Path(modulex_mem0.__file__).parent)
_ROOT = Path(__file__).parents[2]
_RECORD = {
    "id": "0b0f9a5e-3c1f-4a0e-9d54-6a2b2f8f3a11",
    "memory": "Prefers vegetarian food and cooks twice a week for friends who live nearby",
    "user_id": "alice",
    "agent_id": None,
    "app_id": "kitchen",
    "run_id": "run-7",
    "score": 0.82,
    "score_breakdown": {"semantic": 0.82, "keyword": 0.0},
    "metadata": {"source": "chat", "turn": 3},
    "categories": ["food", "home"],
    "created_at": "2026-03-01T08:30:00.123456-07:00",
    "updated_at": "2026-03-01T08:30:00.654321-07:00",
    "expiration_date": None,
}

Search = Callable[[], Awaitable[Result]]


def _goes_on(frame: FrameType) -> bool:
    """Whether the frame of a coroutine or generator goes on, and does not begin."""
    opcode, argument = frame.f_code.co_code[frame.f_lasti : frame.f_lasti + 2]
    return opcode == dis.opmap["RESUME"] and argument != 0


class Calls:
    """Counts the calls of Python functions in this thread: the server's are not among them."""

    def __init__(self) -> None:
        self.own = 0
        self.all = 0

    def __call__(self, frame: FrameType, event: str, argument: Any) -> None:
        if event == "call" and not _goes_on(frame):
            self.all += 1
            self.own += frame.f_code.co_filename.startswith(_PACKAGE)


def answer(server: ScriptedServer, records: int) -> None:
    """Let the server answer every search with so many records."""
    server.script(json_reply({"results": [_RECORD] * records}))


def searching(runtime: Runtime, server: ScriptedServer) -> Search:
    async def search() -> Result:
        result = await runtime.call(
            "mem0",
            "search_memories",
            {"user_id": "alice", "query": "What may I cook?", "limit": 1000},
            credential={"api_key": "m0-0123456789abcdef", "base_url": server.url},
        )
        assert result.success, result.output["error"]
        return result

    return search


@pytest.fixture(autouse=True)
def _no_opentelemetry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another test may have imported it, and then each call asks whether a program has set it up."""
    monkeypatch.delitem(sys.modules, OPENTELEMETRY, raising=False)


@pytest.fixture(params=["httpx", "pyreqwest"])
def settings(request: pytest.FixtureRequest) -> RuntimeSettings:
    if request.param == "pyreqwest":
        pytest.importorskip("pyreqwest", reason="the extra `fast` is not installed")
    return RuntimeSettings(transport=request.param, keepalive_expiry=60)


@pytest.fixture
async def search(server: ScriptedServer, settings: RuntimeSettings) -> AsyncIterator[Search]:
    async with Runtime(settings) as runtime:
        yield searching(runtime, server)


async def counted(search: Search, at_once: int = 1) -> Calls:
    """The minimum of several tries, once everything is warm."""
    tries = []
    for _ in range(2):
        await asyncio.gather(*(search() for _ in range(at_once)))
    for _ in range(8):
        calls = Calls()
        before = sys.getprofile()
        sys.setprofile(calls)
        try:
            await asyncio.gather(*(search() for _ in range(at_once)))
        finally:
            sys.setprofile(before)
        tries.append(calls)
    least = Calls()
    least.own, least.all = min(calls.own for calls in tries), min(calls.all for calls in tries)
    return least


async def test_a_call_with_ten_records(search: Search, server: ScriptedServer, settings: RuntimeSettings) -> None:
    answer(server, 10)
    calls = await counted(search)
    assert calls.own <= OWN_CALLS[settings.transport]
    assert calls.all <= ALL_CALLS[settings.transport]


async def test_a_bound_call_is_cheaper(server: ScriptedServer, settings: RuntimeSettings) -> None:
    answer(server, 10)
    async with Runtime(settings) as runtime:
        bound = runtime.bind("mem0", credential={"api_key": "m0-0123456789abcdef", "base_url": server.url})
        asked = {"user_id": "alice", "query": "What may I cook?", "limit": 1000}
        calls = await counted(lambda: bound.call("search_memories", asked))
    assert calls.own <= OWN_CALLS_WHEN_BOUND[settings.transport]


async def test_many_credentials_do_not_make_a_call_more_expensive(
    search: Search, server: ScriptedServer, settings: RuntimeSettings
) -> None:
    answer(server, 10)
    alone = await counted(search)
    async with Runtime(settings) as runtime:
        keys = itertools.cycle([f"m0-0123456789abcdef-{number}" for number in range(100)])

        async def call() -> Result:
            credential = {"api_key": next(keys), "base_url": server.url}
            asked = {"user_id": "alice", "query": "What may I cook?", "limit": 1000}
            return await runtime.call("mem0", "search_memories", asked, credential=credential)

        for _ in range(100):
            assert (await call()).success
        among_others = await counted(call)
    assert among_others.own <= alone.own * GROWTH


async def test_each_further_record(search: Search, server: ScriptedServer) -> None:
    answer(server, 10)
    few = await counted(search)
    answer(server, 210)
    many = await counted(search)
    assert (many.own - few.own) / 200 <= OWN_CALLS_FOR_EACH_RECORD


async def test_calls_that_are_open_at_once_do_not_make_each_other_more_expensive(
    search: Search, server: ScriptedServer
) -> None:
    answer(server, 10)
    alone = await counted(search)
    together = await counted(search, at_once=16)
    assert together.own / 16 <= alone.own * GROWTH


async def test_further_integrations_do_not_make_a_call_more_expensive(
    search: Search, server: ScriptedServer, settings: RuntimeSettings
) -> None:
    answer(server, 10)
    alone = await counted(search)
    async with Runtime(settings, plugins=[Crowd()]) as crowded:
        assert len(crowded.integrations) >= 100
        among_others = await counted(searching(crowded, server))
    assert among_others.own <= alone.own * GROWTH


class Crowd:
    """A plugin that brings a hundred integrations."""

    @hookimpl
    def modulex_integrations(self) -> list[Integration]:
        words = {"display_name": "One of many", "description": "Exists.", "version": "1.0.0", "author": "The tests"}
        return [Integration(Profile(name=f"one_{number}", **words), ()) for number in range(100)]


async def test_calls_leave_nothing_behind(search: Search, server: ScriptedServer) -> None:
    async def blocks_after(calls: int) -> int:
        answer(server, 10)
        for _ in range(calls):
            await search()
        # Makes the server forget the requests that it keeps for tests to look at.
        answer(server, 10)
        gc.collect()
        return sys.getallocatedblocks()

    # Caches fill and the interpreter adapts its code at first; a leak would be one block a call or more.
    await blocks_after(200)
    first = await blocks_after(20)
    assert await blocks_after(200) - first < 100


async def test_the_peak_of_memory_is_a_few_times_the_reply(search: Search, server: ScriptedServer) -> None:
    answer(server, 1000)
    size = len(json.dumps({"results": [_RECORD] * 1000}))
    await search()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        await search()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (peak - before) / size <= PEAK_FOR_EACH_BYTE_OF_THE_REPLY


def imported_by(program: str) -> set[str]:
    """The top-level modules that a fresh interpreter has imported at the end of a program."""
    report = "\nimport sys\nprint(*{name.partition('.')[0] for name in sys.modules})"
    ended = subprocess.run(
        [sys.executable, "-c", program + report], check=True, capture_output=True, text=True, cwd=_ROOT
    )
    return set(ended.stdout.split())


def test_discovering_and_reading_the_manifest_imports_no_http_no_json_schema_and_no_event_loop() -> None:
    modules = imported_by("from modulex_mem0.runtime import discover\nassert discover()['mem0'].manifest.actions")
    heavy = {"anyio", "h11", "httpcore", "httpx", "jsonschema", "pyreqwest", "rich", "starlette", "tenacity", "uvicorn"}
    assert not heavy & modules
    # Nor anything that only a call needs.
    assert not {"asyncio", "ssl"} & modules
    assert "pydantic" in modules


def test_discovering_does_not_import_the_actions() -> None:
    program = (
        "import sys\nfrom modulex_mem0.runtime import discover\ndiscover()['mem0'].manifest\n"
        "assert 'modulex_mem0.mem0.plugin' in sys.modules\n"
        "assert 'modulex_mem0.mem0.actions' not in sys.modules"
    )
    imported_by(program)


async def test_a_call_needs_no_json_schema_and_no_retries(server: ScriptedServer) -> None:
    answer(server, 1)
    program = (
        "import asyncio\nfrom modulex_mem0.runtime import Runtime\n"
        "async def main():\n"
        "    async with Runtime() as runtime:\n"
        f"        credential = {{'api_key': 'm0-0123456789abcdef', 'base_url': {server.url!r}}}\n"
        "        asked = {'user_id': 'alice', 'query': 'food'}\n"
        "        result = await runtime.call('mem0', 'search_memories', asked, credential=credential)\n"
        "        assert result.success, result\n"
        "asyncio.run(main())"
    )
    modules = await asyncio.to_thread(imported_by, program)
    assert not {"jsonschema", "tenacity", "starlette", "uvicorn"} & modules


def test_a_call_without_a_service_needs_no_http() -> None:
    program = (
        "import asyncio\nfrom modulex_mem0.runtime import Runtime\n"
        "from tests.helpers.tiny_integration import plugin\n"
        "async def main():\n"
        "    async with Runtime(plugins=[plugin(auth_schemes=())]) as runtime:\n"
        "        result = await runtime.call('tiny', 'fetch', {})\n"
        "        assert 'no base URL' in result.output['error'], result\n"
        "asyncio.run(main())"
    )
    assert not {"pyreqwest", "httpx", "jsonschema", "tenacity"} & imported_by(program)
