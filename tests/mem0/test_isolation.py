"""Two users in one project: no action but the cross-user ones shows, changes or deletes the other's memories."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from modulex_mem0.mem0.ownership import Owner
from modulex_mem0.sandbox import RunningSandbox
from tests.mem0.client import USER_WIDE, Mem0

SECRET = "zebra"
# What the two have in common, so that every narrower scope leads to both.
SHARED = {"agent_id": "planner", "app_id": "chef", "run_id": "r-1"}


@dataclass(frozen=True)
class Bob:
    """What Alice could know of the other user, and try."""

    ids: list[str]
    event_id: str
    mine: str


def crossing_filters(bob: Bob) -> list[dict[str, Any]]:
    """Filters that would lead to Bob's memories if they stood alone, or beside the user."""
    return [
        {"user_id": "bob"},
        {"user_id": "*"},
        {"user_id": {"ne": "alice"}},
        {"user_id": {"in": ["alice", "bob"]}},
        {"OR": [{"user_id": "bob"}, {"user_id": "alice"}]},
        {"OR": [{"app_id": "chef"}, {"agent_id": "planner"}, {"run_id": "*"}]},
        {"OR": [{"AND": [{"OR": [{"app_id": "chef"}]}]}, {"NOT": [{"app_id": "no-such"}]}]},
        {"NOT": {"user_id": "alice"}},
        {"NOT": [{"NOT": [{"app_id": "chef"}]}]},
        {"AND": [{"app_id": "chef"}], "OR": [{"user_id": "bob"}]},
        {"OR": [{"user_id": "bob"}], "AND": [{"app_id": "*"}]},
        {"memory_ids": bob.ids},
        {"memory_ids": {"in": bob.ids}},
        {"text": {"icontains": SECRET}},
        {"metadata": {"animal": SECRET}},
        {"metadata": {"user_id": "bob"}},
        {"user_id": "bob", "app_id": "chef"},
    ]


def crossing_users() -> list[Any]:
    """User ids that would stand for Bob, or for everyone."""
    return [
        "*",
        " * ",
        "",
        "alice,bob",
        "alice OR bob",
        "alice' OR '1'='1",
        ["alice", "bob"],
        {"ne": "alice"},
        "b*",
        "%",
    ]


def by_user(more: Callable[[Bob], dict[str, Any]]) -> Callable[[Bob], list[dict[str, Any]]]:
    return lambda bob: [{"user_id": user, **more(bob)} for user in crossing_users()]


def by_scope(**more: Any) -> list[dict[str, Any]]:
    scopes = [{name: value} for name, value in SHARED.items()] + [SHARED, {"agent_id": "*"}, {"app_id": "*"}]
    return [{"user_id": "alice", **scope, **more} for scope in scopes]


def by_filter(**more: Any) -> Callable[[Bob], list[dict[str, Any]]]:
    return lambda bob: [{"user_id": "alice", "filters": filters, **more} for filters in crossing_filters(bob)]


def by_id(**more: Any) -> Callable[[Bob], list[dict[str, Any]]]:
    def attempts(bob: Bob) -> list[dict[str, Any]]:
        paths = [f"{bob.mine}/../{bob.ids[0]}", f"../memories/{bob.ids[0]}", f"{bob.ids[0]}/", f" {bob.ids[0]}"]
        return [{"user_id": user, "memory_id": i, **more} for i in [*bob.ids, *paths] for user in ("alice", "*")]

    return attempts


def batches(bob: Bob) -> list[list[str]]:
    return [bob.ids, [bob.mine, bob.ids[0]], [bob.ids[0], bob.mine], ["*"], [f"{bob.mine}/../{bob.ids[0]}"]]


SCHEMA = {"type": "object", "properties": {SECRET: {"type": "string"}}}

#: How Alice tries to reach what is Bob's, by action. Each input is called as Alice, whatever user it claims.
ATTEMPTS: dict[str, list[Callable[[Bob], list[dict[str, Any]]]]] = {
    "add_memories": [
        by_user(lambda _: {"messages": "I was never here.", "infer": False}),
        lambda _: by_scope(messages="I was never here.", infer=False, metadata={"user_id": "bob"})[:4],
        lambda _: [{"user_id": "alice", "messages": [{"role": "user", "content": "I like it.", "user_id": "bob"}]}],
    ],
    "search_memories": [
        by_filter(query=SECRET, threshold=0),
        by_user(lambda _: {"query": SECRET, "threshold": 0}),
        lambda _: by_scope(query=SECRET, threshold=0),
        lambda _: [{"user_id": "alice", "query": SECRET, "threshold": 0, "metadata": {"animal": SECRET}}],
    ],
    "get_memories": [
        by_filter(),
        by_filter(return_all=True),
        by_user(lambda _: {"return_all": True}),
        lambda _: by_scope(keywords=SECRET, show_expired=True),
        by_id(),
    ],
    "get_memory": [by_id()],
    "get_event": [
        lambda bob: [{"event_id": bob.event_id, "user_id": "alice", "wait": wait} for wait in (False, True)],
        by_user(lambda bob: {"event_id": bob.event_id}),
    ],
    "update_memory": [by_id(text="Changed."), by_id(metadata={"changed": True}), by_id(expiration_date="2020-01-01")],
    "delete_memory": [by_id(), by_id(delete_linked=True)],
    "delete_memories": [
        by_user(lambda _: {"confirm": True, "everything": True}),
        by_user(lambda _: {"confirm": True, "app_id": "chef"}),
        lambda _: by_scope(confirm=True),
        lambda _: [{"user_id": "alice", "metadata": {"animal": SECRET}, "confirm": True}],
        lambda _: [{"user_id": "alice", "metadata": {"user_id": "bob"}, "app_id": "chef", "confirm": True}],
        lambda _: [{"user_id": "alice", "confirm": True, "everything": True}],
    ],
    "get_memory_history": [by_id()],
    "batch_update_memories": [
        lambda bob: [
            {"user_id": "alice", "memories": [{"memory_id": i, "text": "Changed."} for i in ids]}
            for ids in batches(bob)
        ]
    ],
    "batch_delete_memories": [lambda bob: [{"user_id": "alice", "memory_ids": ids} for ids in batches(bob)]],
    "submit_feedback": [by_id(feedback="VERY_NEGATIVE")],
    "summarize_memories": [by_filter(), by_user(lambda _: {}), lambda _: by_scope()],
    "create_memory_export": [by_user(lambda _: {"export_schema": SCHEMA}), lambda _: by_scope(export_schema=SCHEMA)],
    "get_memory_export": [by_user(lambda _: {}), lambda _: by_scope()],
}  # fmt: skip


def test_every_action_that_is_not_cross_user_is_tried() -> None:
    assert set(ATTEMPTS) == set(USER_WIDE)


@pytest.fixture
async def bob(mem0: Mem0) -> Bob:
    await mem0.remember("bob", f"I keep a {SECRET}.", metadata={"animal": SECRET, "user_id": "bob"}, **SHARED)
    added = await mem0.ok("add_memories", user_id="bob", messages=f"My {SECRET} is called Zoe.", app_id="chef")
    (mine, *_) = await mem0.remember("alice", "I like tea.", **SHARED)
    await mem0.ok("create_memory_export", user_id="bob", export_schema=SCHEMA)
    await mem0.ok("create_memory_export", user_id="bob", export_schema=SCHEMA, app_id="chef")
    return Bob([memory["id"] for memory in await mem0.memories("bob")], added["event_id"], mine)


def all_of_bobs(sandbox: RunningSandbox, bob: Bob) -> list[Any]:
    """Bob's memories, their histories and his event, as the service itself returns them."""
    with httpx.Client(base_url=sandbox.base_url, headers=sandbox.headers) as service:
        body = {"filters": {"user_id": "bob"}, "show_expired": True}
        listed = service.post("/v3/memories/", json=body).raise_for_status().json()
        paths = [f"/v1/memories/{i}/{part}" for i in bob.ids for part in ("", "history/")] + [
            f"/v1/event/{bob.event_id}/"
        ]
        return [listed, *(service.get(path).raise_for_status().json() for path in paths)]


@pytest.mark.parametrize("action", USER_WIDE)
async def test_the_others_memories_are_neither_shown_nor_changed(
    mem0: Mem0, sandbox: RunningSandbox, bob: Bob, action: str
) -> None:
    before = all_of_bobs(sandbox, bob)
    assert SECRET in str(before)
    assert len(bob.ids) == 2
    for attempts in ATTEMPTS[action]:
        for given in attempts(bob):
            result = await mem0.call(action, given)
            shown = {key: value for key, value in result.output.items() if key != "error"}
            assert SECRET not in str(shown), given
            if result.error is not None:
                assert result.error.code in ("invalid_input", "not_found"), (given, result.error)
                assert "Zoe" not in result.error.message
    assert all_of_bobs(sandbox, bob) == before


# These must not merely find nothing: they report that there is nothing.
@pytest.mark.parametrize(
    "action", ["get_memories", "get_memory", "update_memory", "delete_memory", "get_memory_history", "submit_feedback"]
)
async def test_by_id_the_others_memory_does_not_exist(mem0: Mem0, bob: Bob, action: str) -> None:
    more = {"update_memory": {"text": "x"}, "submit_feedback": {"feedback": "POSITIVE"}}.get(action, {})
    unknown = "7f1f2d0e-7a3c-4b57-9f0a-0d8a3f6f2b11"
    for memory_id in (bob.ids[0], unknown):
        error = await mem0.fails(action, user_id="alice", memory_id=memory_id, **more)
        assert error.line == f"not_found: this user has no memory with the id {memory_id}"
        assert not error.retryable


async def test_the_others_event_does_not_exist(mem0: Mem0, bob: Bob) -> None:
    for event_id in (bob.event_id, "7f1f2d0e-7a3c-4b57-9f0a-0d8a3f6f2b11"):
        for wait in (False, True):
            error = await mem0.fails("get_event", user_id="alice", event_id=event_id, wait=wait)
            assert error.line == f"not_found: this user has no event with the id {event_id}"
            assert not error.retryable


async def test_the_users_own_memories_stay_within_reach(mem0: Mem0, bob: Bob) -> None:
    mine = {"user_id": "alice", "memory_id": bob.mine}
    assert (await mem0.ok("get_memories", **mine))["ids"] == [bob.mine]
    assert bob.mine in (await mem0.ok("search_memories", user_id="alice", query="tea", threshold=0))["ids"]
    await mem0.ok("update_memory", **mine, text="I like milk.")
    assert (await mem0.ok("get_memory_history", **mine))["history"]
    await mem0.ok("submit_feedback", **mine, feedback="POSITIVE")
    assert (await mem0.ok("delete_memories", user_id="alice", app_id="chef", confirm=True))["deleted"] == 1


ALICE, PLANNING = Owner("alice"), Owner("alice", "planner")
MINE: list[dict[str, Any]] = [
    {"user_id": "alice"},
    {"user_id": "alice", "metadata": None},
    {"user_id": "alice", "metadata": {"for_user_id": "alice"}},
    {"user_id": None, "metadata": {"for_user_id": "alice"}},
    {"metadata": {"for_user_id": "alice", "source": "chat"}},
]
NOBODYS: list[dict[str, Any]] = [
    {},
    {"user_id": None},
    {"user_id": None, "metadata": None},
    {"user_id": None, "metadata": "alice"},
    {"user_id": None, "metadata": ["for_user_id"]},
    {"user_id": None, "metadata": {"user_id": "alice"}},
    {"user_id": None, "metadata": {"for_user_id": None}},
    {"agent_id": "planner", "owner": "alice"},
]
# A list or an object in place of an id is somebody, too.
NO_ALICE: list[Any] = ["bob", "Alice", "alice ", "", 5, True, False, ["alice"], {"id": "alice"}, [], {}]
SOMEBODYS: list[dict[str, Any]] = [
    *({"user_id": other} for other in NO_ALICE),
    *({"metadata": {"for_user_id": other}} for other in NO_ALICE),
    {"user_id": "bob", "metadata": {"for_user_id": "alice"}},
    {"user_id": "bob", "metadata": {"user_id": "alice"}},
]


@pytest.mark.parametrize("item", MINE, ids=repr)
def test_what_names_the_user_is_the_users(item: dict[str, Any]) -> None:
    for owner in (ALICE, PLANNING):
        assert owner.owns(item)
        assert owner.may_see(item)
        assert owner.filter([item]) == [item]
        assert not owner.is_anothers(item)
        assert not owner.mentions_another(item)


@pytest.mark.parametrize("item", NOBODYS, ids=repr)
def test_what_names_nobody_is_shown_for_a_user_alone(item: dict[str, Any]) -> None:
    for owner, shown in ((ALICE, True), (PLANNING, False)):
        assert not owner.owns(item)
        assert owner.may_see(item) is shown
        assert owner.filter([item]) == [item] * shown
        assert not owner.is_anothers(item)
        assert not owner.mentions_another(item)


@pytest.mark.parametrize("item", SOMEBODYS, ids=repr)
def test_what_names_somebody_else_is_never_shown(item: dict[str, Any]) -> None:
    for owner in (ALICE, PLANNING):
        assert not owner.owns(item)
        assert not owner.may_see(item)
        assert owner.filter([*MINE, item]) == MINE
        assert owner.is_anothers(item)
        assert owner.mentions_another(item)


def test_a_memory_whose_user_and_tag_differ_belongs_to_its_user_and_concerns_another() -> None:
    both = {"user_id": "alice", "metadata": {"for_user_id": "bob"}}
    assert ALICE.owns(both)
    assert ALICE.is_anothers(both)
    assert not Owner("bob").owns(both)
    assert not Owner("bob").may_see(both)


def test_a_number_is_the_user_of_that_name() -> None:
    for item in ({"user_id": 5}, {"user_id": None, "metadata": {"for_user_id": 5}}):
        assert Owner("5").owns(item)
        assert not Owner("5").is_anothers(item)
        assert not Owner("6").may_see(item)
    assert not Owner("True").owns({"user_id": True})


@pytest.mark.parametrize(
    "around",
    [
        lambda inner: inner,
        lambda inner: [inner],
        lambda inner: ["alice", None, inner, 5],
        lambda inner: {"of": inner},
        lambda inner: {"user_id": "alice", "metadata": {"source": "chat"}, "results": [[{"deep": [inner]}]]},
        lambda inner: [{"user_id": "alice"}, inner],
        lambda inner: [inner, {"user_id": "alice"}],
        lambda inner: {"first": inner, "second": [], "third": {}},
    ],
)
def test_another_user_is_noticed_however_deep(around: Callable[[Any], Any]) -> None:
    for item in SOMEBODYS:
        assert ALICE.mentions_another(around(item))
    for item in (*MINE, *NOBODYS, {"user_id": "alice", "metadata": {"by": {"user_id": "bob"}}}):
        assert not ALICE.mentions_another(around(item))
    # A text is no owner.
    assert not ALICE.mentions_another(around("bob"))
