"""Every declared example input runs against the sandbox, with real ids in place of the sample ones."""

from typing import Any

import pytest

from modulex_mem0.mem0.profile import EVENT_ID, MEMORY_ID, USER
from tests.mem0.helpers.kit import BY_NAME, NAMES, Mem0, example_input


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
    # What the example promises to be there is there, and what it says to be absent may be.
    promised = {name for name, value in example.output.items() if value is not None and value != []}
    missing = {name for name in promised if output[name] is None}
    assert not missing
