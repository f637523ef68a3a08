"""The declarations: words for people, hints for hosts, and examples that run against the sandbox."""

import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from modulex_mem0.mem0.profile import EVENT_ID, MEMORY_ID, USER
from tests.mem0.client import BY_NAME, NAMES, USER_WIDE, Mem0, example_input, input_validator, output_validator

READS = {
    "search_memories", "get_memories", "get_memory", "get_event", "get_memory_history", "summarize_memories",
    "get_memory_export", "list_events", "list_entities", "check_connection",
}  # fmt: skip
DESTROYS = {
    "update_memory", "delete_memory", "delete_memories", "batch_update_memories", "batch_delete_memories",
    "delete_entity",
}  # fmt: skip
# Sent twice, these would store, rate or start something twice.
ONCE = {"add_memories", "submit_feedback", "create_memory_export"}
CROSS_USER = {"list_events", "list_entities", "delete_entity", "check_connection"}
BY_ID = {"get_memory", "update_memory", "delete_memory", "get_memory_history", "submit_feedback"}

SENTENCE = re.compile(r"[A-Z][^.!?]*(?:\.[a-z][^.!?]*)*\.")


def properties(action: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = BY_NAME[action].describe().input_schema["properties"]
    return found


def test_the_actions_are_the_declared_ones() -> None:
    assert set(NAMES) == READS | DESTROYS | ONCE


@pytest.mark.parametrize("action", NAMES)
def test_the_hints_fit_the_action(action: str) -> None:
    hints = BY_NAME[action].hints
    assert hints.read_only is (action in READS)
    assert hints.destructive is (action in DESTROYS)
    assert hints.idempotent is (action not in ONCE)
    assert hints.cross_user is (action in CROSS_USER)


@pytest.mark.parametrize("action", NAMES)
def test_an_action_has_a_title_and_one_sentence_for_people(action: str) -> None:
    declared = BY_NAME[action]
    assert re.fullmatch(r"[A-Z][a-z]+( [a-z]+)*", declared.title)
    assert SENTENCE.fullmatch(declared.description), declared.description
    assert len(declared.description) <= 160


@pytest.mark.parametrize("action", NAMES)
def test_every_parameter_has_a_label_and_help(action: str) -> None:
    for name, shown in properties(action).items():
        assert re.match(r"[A-Z]", shown["title"]), name
        assert len(shown["description"]) > 10, name
        assert shown["description"][0].isupper(), name


@pytest.mark.parametrize("action", sorted(set(NAMES) - {"add_memories", "search_memories", "get_memories"}))
def test_every_field_of_an_output_of_ours_is_described(action: str) -> None:
    # The outputs of the three documented actions are as on the connector's page, which describes none.
    schema = BY_NAME[action].describe().output_schema
    for name, shown in schema["properties"].items():
        assert name in ("success", "error") or shown.get("description", "").endswith("."), name


@pytest.mark.parametrize("action", NAMES)
def test_both_schemas_are_closed_and_valid(action: str) -> None:
    shown = BY_NAME[action].describe()
    for schema in (shown.input_schema, shown.output_schema):
        Draft202012Validator.check_schema(schema)
        closed = [schema, *schema.get("$defs", {}).values()]
        assert all(part.get("additionalProperties") is False for part in closed if "properties" in part)
    assert set(shown.output_schema["required"]) == {"success"}


@pytest.mark.parametrize("action", NAMES)
def test_the_example_fits_the_schemas(action: str) -> None:
    example = BY_NAME[action].example
    assert example is not None
    input_validator(action).validate(example.input)
    output_validator(action).validate(example.output)
    assert example.output["success"] is True
    assert example.output["error"] is None
    assert set(example.output) == set(BY_NAME[action].describe().output_schema["properties"])


@pytest.mark.parametrize("action", [name for name in USER_WIDE if name != "get_event"])
def test_an_action_that_is_not_cross_user_needs_a_user(action: str) -> None:
    assert "user_id" in BY_NAME[action].describe().input_schema["required"]


@pytest.mark.parametrize("action", sorted(CROSS_USER))
def test_a_cross_user_action_takes_no_user(action: str) -> None:
    assert "user_id" not in properties(action)


@pytest.mark.parametrize("action", sorted(BY_ID))
def test_an_action_on_one_memory_needs_its_id_and_its_user(action: str) -> None:
    assert {"user_id", "memory_id"} <= set(BY_NAME[action].describe().input_schema["required"])


@pytest.mark.parametrize("action", ["delete_memories", "delete_entity"])
def test_a_confirmation_is_not_given_by_default(action: str) -> None:
    assert properties(action)["confirm"]["default"] is False


def replaced(value: Any, real: dict[str, str]) -> Any:
    """The value with the sample ids replaced, however deep they are."""
    if isinstance(value, dict):
        return {key: replaced(item, real) for key, item in value.items()}
    if isinstance(value, list):
        return [replaced(item, real) for item in value]
    return real.get(value, value) if isinstance(value, str) else value


def sample_ids(value: Any) -> set[str]:
    return {sample for sample in (MEMORY_ID, EVENT_ID) if sample in str(value)}


@pytest.fixture
async def real(mem0: Mem0) -> dict[str, str]:
    """What stands for the sample ids in a project where the examples make sense."""
    (memory_id,) = await mem0.remember(USER, "User is a vegetarian")
    added = await mem0.ok("add_memories", user_id=USER, messages="I like tea.")
    await mem0.ok("create_memory_export", user_id=USER, export_schema={"type": "object"})
    return {MEMORY_ID: memory_id, EVENT_ID: added["event_id"]}


@pytest.mark.parametrize("action", NAMES)
async def test_the_example_input_succeeds(mem0: Mem0, real: dict[str, str], action: str) -> None:
    given = replaced(example_input(action), real)
    assert not sample_ids(given)
    output = await mem0.ok(action, **given)
    example = BY_NAME[action].example
    assert example is not None
    # What the example shows is there; what it shows as null or empty may be.
    shown = {name for name, value in example.output.items() if value is not None and value != []}
    missing = {name for name in shown if output[name] is None}
    assert not missing
