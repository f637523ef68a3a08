"""Step: add a conversation, and wait until what it says is stored."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from modulex_mem0.cli.demo.conversation import ALICE, ALICE_SAYS, REMEMBERED
from modulex_mem0.cli.demo.expecting import StoryError, expect
from modulex_mem0.cli.demo.stage import Stage

__all__ = ["remember", "stored_memories"]

_PATIENCE = 15.0
_BETWEEN_LOOKS = 0.2


async def remember(stage: Stage) -> None:
    """Add a conversation; it is accepted at once and stored a moment later."""
    output = await stage.call("add_memories", {"user_id": ALICE, "messages": ALICE_SAYS})
    stage.page.received(output)
    expect(output["status"] == "PENDING", f"the status PENDING, got {output['status']}")
    expect(bool(output["event_id"]), "the id of an event")
    stage.page.say("PENDING means accepted, not stored. So the list is read until the memories are there:")
    listing = {"user_id": ALICE}
    stage.page.sent("get_memories", listing)
    started = time.monotonic()
    memories, looks = await stored_memories(stage, listing, REMEMBERED)
    stage.page.say(f"stored after {time.monotonic() - started:.1f} s and {looks} looks:")
    stage.page.rows(("CATEGORIES", "MEMORY"), [(", ".join(m["categories"]), m["memory"]) for m in memories])
    stage.page.say("(The sandbox takes whole sentences, by rule; Mem0 itself has a language model phrase them.)")


async def stored_memories(stage: Stage, listing: Mapping[str, Any], number: int) -> tuple[list[dict[str, Any]], int]:
    """Read a list until it has a number of memories.

    Args:
        stage: Where the story plays.
        listing: The input of `get_memories`.
        number: How many there have to be.

    Returns:
        The memories, and how often the list was read.

    Raises:
        StoryError: They were not there within 15 seconds, or the list cannot be read.
    """
    deadline = time.monotonic() + _PATIENCE
    looks = 0
    while True:
        result = await stage.ask("get_memories", listing)
        looks += 1
        expect(result.success, f"get_memories to succeed, got {result.output['error']}")
        memories: list[dict[str, Any]] = result.output["memories"]
        if len(memories) == number:
            return memories, looks
        if time.monotonic() > deadline:
            raise StoryError(f"expected {number} memories within {_PATIENCE:g} s, found {len(memories)}")
        await asyncio.sleep(_BETWEEN_LOOKS)
