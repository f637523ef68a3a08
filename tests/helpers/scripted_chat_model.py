"""A chat model that follows a script: it stores a memory, makes the mistakes of a real model, and recalls."""

from collections.abc import Callable, Sequence
from typing import Any

from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool

__all__ = ["ScriptedChatModel", "remembering_model"]


class ScriptedChatModel(GenericFakeChatModel):
    """Returns prepared messages, one after the other."""

    def bind_tools(
        self, tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool], **_settings: Any
    ) -> Runnable[Any, AIMessage]:
        return self


def remembering_model() -> ScriptedChatModel:
    """A model that adds a memory and searches for it with three calls, of which the first two are wrong."""
    messages = (
        _call("add_memories", 1, messages=[{"role": "user", "content": "I am a vegetarian."}]),
        # A model forgets a parameter, reads the reason, tries another's memory, and does it right.
        _call("search_memories", 2, text="food"),
        _call("search_memories", 3, query="vegetarian", user_id="bob"),
        _call("search_memories", 4, query="vegetarian", limit=None),
        AIMessage("You eat no meat."),
    )
    return ScriptedChatModel(messages=iter(messages))


def _call(name: str, number: int, **arguments: Any) -> AIMessage:
    return AIMessage("", tool_calls=[{"name": name, "args": arguments, "id": f"call-{number}", "type": "tool_call"}])
