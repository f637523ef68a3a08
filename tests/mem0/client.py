"""A client of the Mem0 actions that checks what holds for every result, and the data that tests compare with."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from modulex_mem0.contract import Action, ErrorInfo
from modulex_mem0.mem0.actions import ACTIONS
from modulex_mem0.runtime import ProgressListener, Result, Runtime

_DATA = Path(__file__).parents[1] / "data"

#: A key that stands in no ordinary text by chance.
KEY = "m0-T0pS3cr3tK3yOfTheTests"

BY_NAME: dict[str, Action[Any, Any]] = {action.name: action for action in ACTIONS}
NAMES = tuple(BY_NAME)
USER_WIDE = tuple(name for name, action in BY_NAME.items() if not action.hints.cross_user)


@cache
def output_validator(action: str) -> Draft202012Validator:
    """Checks outputs of an action against its schema."""
    return Draft202012Validator(BY_NAME[action].describe().output_schema)


@cache
def input_validator(action: str) -> Draft202012Validator:
    """Checks inputs of an action against its schema."""
    return Draft202012Validator(BY_NAME[action].describe().input_schema)


def check(action: str, result: Result, key: str) -> None:
    """What holds for every result: a fitting output that is JSON, parts that agree, one short line, no secret."""
    output_validator(action).validate(result.output)
    shown = json.dumps(result.output, allow_nan=False, ensure_ascii=False) + repr(result)
    assert key not in shown
    assert result.output["success"] is result.success
    assert (result.error is None) is result.success
    if result.error is None:
        assert result.output["error"] is None
        return
    assert result.output["error"] == result.error.line
    assert len(result.error.message) <= 500
    assert result.error.line.isprintable()
    assert result.error.code != "internal", result.error.line


class Mem0:
    """The Mem0 integration as a host sees it, at one address and with one key."""

    def __init__(self, runtime: Runtime, base_url: str, key: str = KEY) -> None:
        self.runtime = runtime
        self.credential = {"api_key": key, "base_url": base_url}

    async def call(
        self,
        action: str,
        input: Mapping[str, Any],
        *,
        timeout: float | None = None,
        on_progress: ProgressListener | None = None,
    ) -> Result:
        """Call an action and check the result."""
        result = await self.runtime.call(
            "mem0", action, input, credential=self.credential, timeout=timeout, on_progress=on_progress
        )
        check(action, result, self.credential["api_key"])
        return result

    async def ok(self, action: str, **input: Any) -> dict[str, Any]:
        """The output of a call that must succeed."""
        result = await self.call(action, input)
        assert result.success, result.error
        return result.output

    async def fails(self, action: str, **input: Any) -> ErrorInfo:
        """The error of a call that must fail."""
        result = await self.call(action, input)
        assert result.error is not None, result.output
        return result.error

    async def remember(self, user_id: str, *texts: str, **more: Any) -> list[str]:
        """Store texts word for word and return their ids."""
        for text in texts:
            await self.ok("add_memories", user_id=user_id, messages=text, infer=False, **more)
        ids = {memory["memory"]: memory["id"] for memory in await self.memories(user_id)}
        return [ids[text] for text in texts]

    async def memories(self, user_id: str) -> list[dict[str, Any]]:
        """All that is remembered of a user, expired memories too."""
        output = await self.ok("get_memories", user_id=user_id, show_expired=True, return_all=True)
        found: list[dict[str, Any]] = output["memories"]
        return found

    async def texts(self, user_id: str) -> set[str]:
        """The texts of all that is remembered of a user."""
        return {memory["memory"] for memory in await self.memories(user_id)}

    async def refuses(self, action: str, **input: Any) -> str:
        """The message of a call that must be refused for its input."""
        error = await self.fails(action, **input)
        assert error.code == "invalid_input", error.line
        assert not error.retryable
        return error.message


def example_input(action: str, **changes: Any) -> dict[str, Any]:
    """The declared example of an input, with some of it changed."""
    example = BY_NAME[action].example
    assert example is not None
    return {**example.input, **changes}


def takes(parameter: str) -> tuple[str, ...]:
    """The actions that have a parameter of this name."""
    return tuple(n for n, action in BY_NAME.items() if parameter in action.describe().input_schema["properties"])


def data(name: str) -> Any:
    """The content of a JSON file in `tests/data`: our own copies of what tests compare with."""
    return json.loads((_DATA / name).read_text("utf-8"))
