"""Which actions are offered, and what is fixed of their input; no host's library is needed for it."""

from copy import deepcopy
from typing import Any

import pytest

from modulex_mem0.contract import ActionError, IntegrationManifest
from modulex_mem0.hosts.offer import Offer
from modulex_mem0.hosts.selection import NotOfferedError, offered_actions
from modulex_mem0.runtime import BrokenIntegrationError, Runtime, UnknownActionError, UnknownIntegrationError, discover

MEM0 = discover()["mem0"].manifest


def names(**limits: Any) -> list[str]:
    return list(offered_actions(MEM0, **limits))


def test_without_limits_everything_is_offered_as_declared() -> None:
    offered = offered_actions(MEM0)
    assert list(offered) == [action.name for action in MEM0.actions]
    for action in MEM0.actions:
        assert offered[action.name].input_schema == action.input_schema
        assert offered[action.name].complete({"a": None}) == {"a": None}


def test_read_only_leaves_what_changes_nothing() -> None:
    assert names(read_only=True) == [action.name for action in MEM0.actions if action.hints.read_only]


def test_named_actions_come_in_the_order_of_the_manifest() -> None:
    assert names(actions=["search_memories", "add_memories"]) == ["add_memories", "search_memories"]
    assert names(actions=[]) == []
    assert names(actions="search_memories") == ["search_memories"]


def test_a_fixed_user_is_in_no_schema_and_in_every_input() -> None:
    before = deepcopy(MEM0.model_dump())
    offered = offered_actions(MEM0, user_id="alice")
    assert MEM0.model_dump() == before
    declared = {action.name: action for action in MEM0.actions}
    assert set(offered) == {name for name, action in declared.items() if not action.hints.cross_user}
    for name, action in offered.items():
        left = set(declared[name].input_schema["properties"]) - {"user_id"}
        assert set(action.input_schema["properties"]) == left
        assert "user_id" not in action.input_schema.get("required", ())
        assert action.complete({})["user_id"] == "alice"
        # A null is what agents send for what they leave out.
        assert action.complete({"user_id": None})["user_id"] == "alice"
    # Optional, and filled in all the same.
    assert "user_id" in declared["get_event"].input_schema["properties"]
    assert "user_id" not in declared["get_event"].input_schema["required"]
    assert "get_event" in offered


@pytest.mark.parametrize("user_id", ["bob", "alice", "", 0, [], {}])
def test_what_is_fixed_is_not_chosen(user_id: object) -> None:
    action = offered_actions(MEM0, user_id="alice")["search_memories"]
    with pytest.raises(ActionError, match="user_id: is fixed and cannot be chosen; leave it out"):
        action.complete({"user_id": user_id, "query": "x"})


def test_an_action_that_takes_no_user_is_left_out_when_the_user_is_fixed() -> None:
    # As an integration may have it that forgot to say that the action is project-wide.
    actions = tuple(
        action.model_copy(update={"hints": action.hints.model_copy(update={"cross_user": False})})
        for action in MEM0.actions
    )
    forgetful: IntegrationManifest = MEM0.model_copy(update={"actions": actions})
    assert not {"list_entities", "delete_entity"} & set(offered_actions(forgetful, user_id="alice"))
    with pytest.raises(NotOfferedError, match="list_entities cannot be offered: it takes no user_id"):
        offered_actions(forgetful, user_id="alice", actions=["list_entities"])


@pytest.mark.parametrize("user_id", ["", "  "])
def test_a_blank_user_is_not_taken_for_no_user(user_id: str) -> None:
    with pytest.raises(NotOfferedError, match="user_id"):
        offered_actions(MEM0, user_id=user_id)


def test_names_that_the_limits_leave_out_are_a_mistake() -> None:
    with pytest.raises(UnknownActionError, match="did you mean 'add_memories'"):
        names(actions=["add_memory"])
    with pytest.raises(NotOfferedError, match="add_memories cannot be offered: it can change data"):
        names(actions=["add_memories"], read_only=True)


async def test_a_refusal_of_the_host_satisfies_the_output_schema_too() -> None:
    async with Runtime() as runtime:
        offer = Offer(runtime, "mem0", user_id="alice")
        refused = await offer.call("search_memories", {"user_id": "bob", "query": "x"})
        assert offer.call_sync("search_memories", {"user_id": "bob", "query": "x"}) == refused
        with pytest.raises(KeyError):
            await offer.call("list_entities", {})
    assert refused.success is False
    assert refused.error is not None
    assert refused.error.code == "invalid_input"
    assert refused.output == {
        "success": False,
        "error": "invalid_input: user_id: is fixed and cannot be chosen; leave it out",
        "search_results": [],
        "ids": [],
    }


def test_an_integration_that_is_not_there_is_a_mistake() -> None:
    with Runtime() as runtime, pytest.raises(UnknownIntegrationError, match="did you mean 'mem0'"):
        Offer(runtime, "mem1")


def test_an_integration_whose_actions_do_not_load_is_told_at_once() -> None:
    from modulex_mem0.contract import Integration
    from tests.helpers.tiny_integration import Plugin, profile

    def load() -> Any:
        raise ImportError("no numpy")

    with (
        Runtime(plugins=[Plugin(Integration(profile("broken"), actions=load))]) as runtime,
        pytest.raises(BrokenIntegrationError, match="no numpy"),
    ):
        Offer(runtime, "broken")
