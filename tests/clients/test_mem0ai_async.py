"""Mem0's own asynchronous Python client. It pings in its constructor, and blocks the event loop while it does."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

pytest.importorskip("mem0", reason="mem0ai is not installed: pip install --group clients")

from mem0 import AsyncMemoryClient
from mem0.exceptions import MemoryNotFoundError, RateLimitError

from modulex_mem0.sandbox import RunningSandbox

ALICE = {"user_id": "alice"}


@pytest.fixture
async def client(sandbox: RunningSandbox) -> AsyncIterator[Any]:
    async with AsyncMemoryClient(api_key=sandbox.api_key, host=sandbox.base_url) as made:
        yield made


async def _remember(client: Any, text: str, **ids: str) -> str:
    answer = await client.add(text, infer=False, **(ids or ALICE))
    [result] = answer["results"]
    assert (answer["status"], result["data"]["memory"]) == ("SUCCEEDED", text)
    identifier: str = result["id"]
    return identifier


async def _all(client: Any, user: str = "alice") -> list[str]:
    page = await client.get_all(filters={"user_id": user})
    return sorted(record["memory"] for record in page["results"])


async def test_a_wrong_key_is_refused(sandbox: RunningSandbox) -> None:
    async with httpx.AsyncClient() as http:
        with pytest.raises(ValueError, match="Invalid API key"):
            AsyncMemoryClient(api_key="m0-wrong", host=sandbox.base_url, client=http)


async def test_what_is_added_is_found_changed_and_deleted(client: Any) -> None:
    added = await client.add([{"role": "user", "content": "I love hiking in the Alps."}], **ALICE)
    assert added["status"] == "PENDING"
    event = (await client.async_client.get(f"/v1/event/{added['event_id']}/")).json()
    [found] = (await client.search("hiking", filters=ALICE))["results"]
    assert found["memory"] == "I love hiking in the Alps"
    assert found["id"] == event["results"][0]["id"]
    assert (await client.get(found["id"]))["memory"] == found["memory"]
    assert (await client.update(found["id"], text="I love skiing"))["memory"] == "I love skiing"
    history = await client.history(found["id"])
    assert [entry["event"] for entry in history] == ["ADD", "UPDATE"]
    assert history[1]["old_memory"] == "I love hiking in the Alps"
    await client.delete(found["id"])
    with pytest.raises(MemoryNotFoundError):
        await client.get(found["id"])


async def test_many_adds_at_once_are_all_there_and_come_in_pages(client: Any) -> None:
    ids = await asyncio.gather(*(_remember(client, f"memory {number}") for number in range(25)))
    pages = [await client.get_all(filters=ALICE, page=number, page_size=10) for number in (1, 2, 3)]
    assert [len(page["results"]) for page in pages] == [10, 10, 5]
    assert {page["count"] for page in pages} == {25}
    assert {record["id"] for page in pages for record in page["results"]} == set(ids)
    assert pages[2]["next"] is None


async def test_users_and_deleting_all_of_one(client: Any) -> None:
    await _remember(client, "tea")
    await _remember(client, "water", user_id="bob/1")
    assert [entity["name"] for entity in (await client.users())["results"]] == ["alice", "bob/1"]
    await client.delete_all(**ALICE)
    assert (await _all(client), await _all(client, "bob/1")) == ([], ["water"])
    await client.delete_users(user_id="bob/1")
    assert (await client.users())["count"] == 0


async def test_batches_feedback_exports_summary_and_project(client: Any) -> None:
    ids = [await _remember(client, f"tea {number}") for number in range(2)]
    changed = await client.batch_update([{"memory_id": ids[0], "text": "coffee"}])
    assert changed["message"] == "Successfully updated 1 memories"
    assert (await client.feedback(ids[0], feedback="POSITIVE"))["feedback"] == "POSITIVE"
    made = await client.create_memory_export(schema={"type": "object"}, filters={"AND": [ALICE]})
    export = await client.get_memory_export(memory_export_id=made["id"])
    assert sorted(memory["memory"] for memory in export["memories"]) == ["coffee", "tea 1"]
    [summary] = await client.get_summary(filters=ALICE)
    assert summary["summary"] == "coffee. tea 1"
    await client.batch_delete([{"memory_id": identifier} for identifier in ids])
    assert await _all(client) == []
    await client.project.update(custom_instructions="Be brief.")
    assert await client.project.get(fields=["custom_instructions"]) == {"custom_instructions": "Be brief."}


async def test_a_rate_limit_with_a_date_reaches_the_user(sandbox: RunningSandbox, client: Any) -> None:
    sandbox.set_faults({"path": "*", "status": 429, "retry_after_date": 60, "body": {"detail": "Slow down."}})
    with pytest.raises(RateLimitError, match="Slow down"):
        await client.search("tea", filters=ALICE)
