"""ModuleX's own mem0 connector, run against the kit: the faults that it is known for are found, and no others.

The faults were seen by running the connector of modulex-integrations 0.14.0. Each is an expected failure, so that this
fails when a newer version has fixed one, and when the kit stops finding one.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import Any, ClassVar

import pytest

from modulex_mem0.conformance import ConformanceSuite, Reply, ServiceFixture, check, json_reply
from modulex_mem0.conformance.fault_server import FaultServer
from modulex_mem0.conformance.quality import Exemptions
from modulex_mem0.conformance.testbed import Testbed, open_testbed, relocated
from modulex_mem0.contract import Integration
from modulex_mem0.runtime import discover

if find_spec("modulex_integrations") is None:
    pytest.skip("modulex-integrations is not installed; it needs Python 3.12 or newer", allow_module_level=True)

tools: Any = import_module("modulex_integrations.tools.mem0.tools")

MEMORY_ID = "7f1f2d0e-7a3c-4b57-9f0a-0d8a3f6f2b11"
MEMORY: dict[str, Any] = {
    "id": MEMORY_ID,
    "memory": "User is a vegetarian",
    "user_id": "alice",
    "session_id": "chat-7",
    "categories": ["food"],
    "created_at": "2026-01-15T10:30:00Z",
}
KEY = "m0-a-key-of-the-tests"
UPSTREAM = "modulex_tools_mem0"
ACTIONS = ("add_memories", "search_memories", "get_memories")


def _moved(integration: Integration, url: str) -> Integration:
    # The connector opens its own connections, to the address in this constant.
    tools._MEM0_API_BASE = url
    return relocated(integration, url)


SERVICE = ServiceFixture(
    replies={
        "add_memories": {"message": "accepted", "status": "PENDING", "event_id": "e-1"},
        "search_memories": {"results": [{**MEMORY, "score": 0.8}]},
        "get_memories": MEMORY,
    },
    inputs={
        "add_memories": {"user_id": "alice", "messages": [{"role": "user", "content": "I am a vegetarian."}]},
        "search_memories": {"user_id": "alice", "query": "food"},
        "get_memories": {"user_id": "alice", "memory_id": MEMORY_ID},
    },
    owner="user_id",
    relocate=_moved,
)


def fault(reason: str) -> pytest.MarkDecorator:
    """Marks an expectation that is right and does not hold yet."""
    return pytest.mark.xfail(reason=reason, strict=True, raises=AssertionError)


def upstream() -> Integration:
    """The connector, as our runtime finds it."""
    plugin = import_module("modulex_mem0.hosts.modulex_tools.plugin")
    return discover([plugin])[UPSTREAM]


def of_all(probe: str, reason: str) -> dict[str, str]:
    return {f"{probe}-{action}": reason for action in ACTIONS}


class TestModuleXMem0(ConformanceSuite):
    integration = UPSTREAM
    service = SERVICE
    known_faults: ClassVar[dict[str, str]] = {
        "connection_test": "it is a POST, and does not say that it changes nothing",
        **of_all("hostile_replies", "a numeric id or a null where text is due raises out of the tool"),
        **of_all("failures_reported", "FAILED and 200 with an error are reported as a success"),
        **of_all("rate_limits_reported", "429 and Retry-After are ignored"),
        **of_all("ids_single", "user_id * matches everyone"),
        **of_all("connections_reused", "a new client is opened for each call"),
        "paths_safe-get_memories": "memory_id .. leads to another address",
        "other_users-search_memories": "what the service says is another user's is returned",
        "other_users-get_memories": "a memory by id is returned whosever it is",
        "methods-get_memories": "ModuleX's manifest has no hints, so the worst is assumed of an action that only reads",
    }

    @classmethod
    def load(cls) -> tuple[Integration, Exemptions]:
        return upstream(), Exemptions()


def test_limits_without_limits_are_advised_against() -> None:
    places = {finding.place for finding in check(upstream()).findings if finding.rule == "numbers_bounded"}
    assert places == {
        "actions.search_memories.input.limit",
        "actions.get_memories.input.limit",
        "actions.get_memories.input.page",
    }


async def _called(testbed: Testbed, action: str, reply: Reply, input: dict[str, Any] | None = None) -> dict[str, Any]:
    record = await testbed.call(testbed.integration.actions[action], input, answer=reply)
    assert record.result is not None
    return record.result.output


@fault(reason="a list where an object is due is reported as a success")
async def test_a_list_is_not_an_accepted_add() -> None:
    async with open_testbed(upstream(), SERVICE) as testbed:
        assert (await _called(testbed, "add_memories", json_reply([])))["success"] is False


@fault(reason="session_id is dropped")
async def test_the_run_of_a_memory_is_returned() -> None:
    async with open_testbed(upstream(), SERVICE) as testbed:
        output = await _called(testbed, "get_memories", json_reply({"results": [MEMORY]}), {"user_id": "alice"})
    assert output["memories"][0]["run_id"] == "chat-7"


@fault(reason="the role system is refused")
async def test_a_system_message_is_taken() -> None:
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "I cook."}]
    async with open_testbed(upstream(), SERVICE) as testbed:
        output = await _called(
            testbed, "add_memories", json_reply({"status": "PENDING"}), {"user_id": "a", "messages": messages}
        )
    assert output["success"] is True


@fault(reason="there is no action to follow the event that users are asked to poll")
def test_an_event_can_be_followed() -> None:
    assert "get_event" in upstream().actions


# Our runtime fixes the following faults, or refuses before the tool is called; so the tool is called directly.


async def _bare(reply: Reply, tool: str = "search_memories", **arguments: Any) -> tuple[dict[str, Any], FaultServer]:
    async with FaultServer() as server:
        tools._MEM0_API_BASE = server.url
        server.answer = lambda _: reply
        given: dict[str, Any] = {"user_id": "alice", "query": "food", "api_key": KEY}
        output: dict[str, Any] = await getattr(tools, tool).ainvoke(given | arguments)
        return output, server


LONG_PAGE = Reply(status=502, body=b"<html>" + b"x" * 20_000, headers={"content-type": "text/html"})


@fault(reason="error bodies are passed on uncut")
async def test_an_error_is_short_though_the_page_is_long() -> None:
    assert len((await _bare(LONG_PAGE))[0]["error"]) < 1000


async def test_our_runtime_cuts_it() -> None:
    async with open_testbed(upstream(), SERVICE) as testbed:
        assert len((await _called(testbed, "search_memories", LONG_PAGE))["error"]) < 1000


@fault(reason="a key with a line break at its end is echoed in the error")
async def test_a_key_with_a_line_break_is_not_echoed() -> None:
    assert KEY not in (await _bare(json_reply({}), api_key=f"{KEY}\n"))[0]["error"]


@fault(reason="unknown arguments are dropped silently")
async def test_an_unknown_argument_is_refused() -> None:
    assert (await _bare(json_reply({"results": []}), limti=3))[0]["success"] is False


@fault(reason="limits are not checked")
@pytest.mark.parametrize("limit", [-5, 0, 5000])
async def test_a_limit_that_makes_no_sense_is_refused(limit: int) -> None:
    assert (await _bare(json_reply({"results": []}), limit=limit))[0]["success"] is False
