"""Step: what a wrong input gets is one clear line, and never someone else's memory."""

from collections.abc import Mapping
from typing import Any

from modulex_mem0.cli.demo.conversation import ALICE, BOB, BOB_SAYS
from modulex_mem0.cli.demo.expecting import expect
from modulex_mem0.cli.demo.remembering import stored_memories
from modulex_mem0.cli.demo.stage import Stage

__all__ = ["refuse"]


async def refuse(stage: Stage) -> None:
    """Make the mistakes that people and agents make."""
    for action, values, begins, tells in (
        ("search_memories", {"user_id": ALICE, "qury": "food"}, "invalid_input", "did you mean 'query'?"),
        ("search_memories", {"user_id": "*", "query": "food"}, "invalid_input", "user_id"),
        ("get_memories", {"user_id": ALICE, "limit": 5000}, "invalid_input", "limit"),
        ("get_memories", {"user_id": ALICE, "memory_id": ".."}, "invalid_input", "memory_id"),
    ):
        await _refused(stage, action, values, begins, tells)

    stage.page.say("Bob, a user of the same project, has a memory too. Alice asks for it by its id:")
    await stage.call("add_memories", {"user_id": BOB, "messages": BOB_SAYS})
    (his,), _ = await stored_memories(stage, {"user_id": BOB}, 1)
    await _refused(stage, "get_memories", {"user_id": ALICE, "memory_id": his["id"]}, "not_found", "this user")
    output = await stage.call("get_memories", {"user_id": BOB, "memory_id": his["id"]})
    expect(output["memories"][0]["memory"] == his["memory"], "Bob to get his own memory")
    stage.page.say(f"Bob himself gets it: {output['memories'][0]['memory']}")


async def _refused(stage: Stage, action: str, input: Mapping[str, Any], begins: str, tells: str) -> None:
    stage.page.sent(action, input)
    result = await stage.ask(action, input)
    line = str(result.output["error"])
    expect(not result.success, f"{action} to refuse the input")
    expect(line.startswith(f"{begins}: ") and "\n" not in line, f"one line that begins with {begins}, got {line!r}")
    expect(tells in line, f"a line that tells of {tells!r}, got {line!r}")
    stage.page.refused(line)
