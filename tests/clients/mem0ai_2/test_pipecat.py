"""The Mem0 memory of Pipecat, in a pipeline of its frames."""

import asyncio
import time
from typing import Any

import pytest

pytest.importorskip(
    "pipecat.services.mem0.memory", reason="pipecat-ai is not installed here: scripts/test-elsewhere runs it"
)

from pipecat.frames.frames import LLMContextFrame, TextFrame
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.services.mem0.memory import Mem0MemoryService
from pipecat.tests.utils import run_test

from modulex_mem0.sandbox import RunningSandbox


def _service(sandbox: RunningSandbox, **options: Any) -> Any:
    return Mem0MemoryService(api_key=sandbox.api_key, host=sandbox.base_url, **options)


async def _say(service: Any, *texts: str) -> list[dict[str, str]]:
    """The conversation as the model gets it, behind the memory."""
    context = LLMContext([{"role": "user", "content": text} for text in texts])
    frames, _ = await run_test(
        service, frames_to_send=[TextFrame("passes"), LLMContextFrame(context)], start_timeout=30
    )
    assert [type(frame) for frame in frames] == [TextFrame, LLMContextFrame]
    messages: list[dict[str, str]] = frames[1].context.get_messages()
    return messages


async def _stored(service: Any, count: int) -> list[str]:
    """The memories, once the task that stores them is done."""
    deadline = time.monotonic() + 30
    while len(found := await service.get_memories()) < count:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)
    return sorted(record["memory"] for record in found)


async def test_a_conversation_is_stored_and_enriches_the_next(sandbox: RunningSandbox) -> None:
    first = _service(sandbox, user_id="alice", agent_id="bot")
    said = await _say(first, "I love hiking in the Alps.")
    assert said == [{"role": "user", "content": "I love hiking in the Alps."}]
    assert await _stored(first, 1) == ["I love hiking in the Alps"]
    params = Mem0MemoryService.InputParams(search_limit=1, system_prompt="I recall: ", position=0)
    remembering = await _say(_service(sandbox, user_id="alice", params=params), "Where should I go hiking?")
    assert remembering[0] == {"role": "developer", "content": "I recall: 1. I love hiking in the Alps\n\n"}
    stranger = await _say(_service(sandbox, user_id="bob"), "Where should I go hiking?")
    assert len(stranger) == 1


async def test_a_service_that_fails_lets_the_conversation_through(sandbox: RunningSandbox) -> None:
    service = _service(sandbox, user_id="alice", run_id="call")
    sandbox.set_faults({"path": "/v3/*", "status": 503})
    assert await _say(service, "Hello, I am Ann.") == [{"role": "user", "content": "Hello, I am Ann."}]
    assert await service.get_memories() == []
