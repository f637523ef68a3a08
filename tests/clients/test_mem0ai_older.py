"""Mem0's own Python client as it was in 0.1 and in 1: its documented methods, over routes that are deprecated now."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from importlib.metadata import version
from typing import Any

import httpx
import pytest

pytest.importorskip("mem0", reason="mem0ai is not installed: pip install --group clients")

from mem0 import AsyncMemoryClient, MemoryClient
from mem0.exceptions import MemoryNotFoundError, NetworkError, RateLimitError, ValidationError

from modulex_mem0.sandbox import RunningSandbox

OLDEST = version("mem0ai").startswith("0.")
if not version("mem0ai").startswith(("0.", "1.")):
    pytest.skip("mem0ai 0.1 and 1 are not installed here: scripts/test-elsewhere runs them", allow_module_level=True)

Remember = Callable[..., str]
UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"
ALICE = {"user_id": "alice"}
SAID = [{"role": "user", "content": "I love hiking in the Alps. I work as a baker."}]
FACTS = ["I love hiking in the Alps", "I work as a baker"]


@pytest.fixture
def client(sandbox: RunningSandbox) -> Iterator[Any]:
    made = MemoryClient(api_key=sandbox.api_key, host=sandbox.base_url)
    with closing(made.client):
        yield made


@pytest.fixture
async def waiting(sandbox: RunningSandbox) -> AsyncIterator[Any]:
    """The asynchronous client."""
    async with AsyncMemoryClient(api_key=sandbox.api_key, host=sandbox.base_url) as made:
        yield made


@pytest.fixture
def remember(client: Any) -> Remember:
    """Stores one text verbatim, for alice by default, and returns its id."""

    def store(text: str, **extra: Any) -> str:
        answer = client.add([{"role": "user", "content": text}], infer=False, **(extra or ALICE))
        [stored] = answer["results"] if isinstance(answer, dict) else answer
        assert (stored["data"]["memory"], stored["event"]) == (text, "ADD")
        identifier: str = stored["id"]
        return identifier

    return store


def _texts(answer: Any) -> list[str]:
    """The memories of a reply: a list, or an object with a list in it."""
    return [record["memory"] for record in (answer["results"] if isinstance(answer, dict) else answer)]


def _all(client: Any, user: str = "alice") -> list[str]:
    second = {"version": "v2"} if OLDEST else {}
    return sorted(_texts(client.get_all(filters={"user_id": user}, **second)))


def test_the_account_is_read_by_a_ping_and_a_wrong_key_is_refused(client: Any, sandbox: RunningSandbox) -> None:
    assert (client.org_id, client.project_id[:5]) == ("org-sandbox", "proj-")
    assert client.user_email.endswith("@sandbox.invalid")
    with httpx.Client() as http, pytest.raises(ValueError, match="Invalid API key"):
        MemoryClient(api_key="m0-wrong", host=sandbox.base_url, client=http)


def test_an_add_is_queued_and_its_facts_are_found(client: Any) -> None:
    answer = client.add(SAID, user_id="alice", metadata={"source": "chat"})
    [queued] = answer["results"] if isinstance(answer, dict) else answer
    assert queued["status"] == "PENDING"
    assert client.client.get(f"/v1/event/{queued['event_id']}/").json()["status"] == "SUCCEEDED"
    assert _all(client) == FACTS
    client.add(SAID, user_id="bob", async_mode=False)
    assert _all(client, "bob") == FACTS


@pytest.mark.skipif(not OLDEST, reason="mem0ai 1 has no first version of these calls")
def test_the_first_version_names_the_user_at_the_top(client: Any, remember: Remember) -> None:
    remember("I drink green tea", user_id="alice", run_id="trip", metadata={"n": 1})
    remember("I drink black coffee", user_id="bob")
    assert _texts(client.search("drink", user_id="alice")) == ["I drink green tea"]
    assert _texts(client.search("drink", user_id="alice", output_format="v1.1")) == ["I drink green tea"]
    assert len(client.search("drink", filters={"OR": [ALICE, {"user_id": "bob"}]}, top_k=1)) == 1
    assert _texts(client.get_all(user_id="alice")) == ["I drink green tea"]
    assert _texts(client.get_all(run_id="trip", categories=["food"])) == ["I drink green tea"]
    paged = client.get_all(user_id="alice", page=1, page_size=1)
    assert (paged["count"], _texts(paged)) == (1, ["I drink green tea"])


def test_the_second_version_takes_filters(client: Any, remember: Remember) -> None:
    second = {"version": "v2"} if OLDEST else {}
    for number in range(3):
        remember(f"I drink tea {number}", user_id="alice", agent_id="bot")
    remember("I drink coffee", user_id="bob")
    both = {"AND": [ALICE, {"agent_id": "bot"}]}
    assert len(_texts(client.search("drink", filters=both, top_k=2, **second))) == 2
    assert _texts(client.search("coffee", filters={"user_id": "bob"}, rerank=True, **second)) == ["I drink coffee"]
    pages = [client.get_all(filters=ALICE, page=number, page_size=2, **second) for number in (1, 2)]
    assert [(page["count"], len(page["results"])) for page in pages] == [(3, 2), (3, 1)]
    with pytest.raises(ValidationError, match="Unsupported filter key"):
        client.search("tea", filters={"user_id": "alice", "colour": "red"}, **second)


def test_one_memory_is_read_changed_and_deleted(client: Any, remember: Remember) -> None:
    identifier = remember("tea", user_id="alice", metadata={"n": 1})
    assert client.update(identifier, text="coffee", metadata={"cups": 2})["memory"] == "coffee"
    if not OLDEST:
        assert client.update(identifier, timestamp=1_700_000_000)["created_at"].startswith("2023-11-14T22:13:20")
    record = client.get(identifier)
    assert (record["memory"], record["metadata"], record["user_id"]) == ("coffee", {"cups": 2}, "alice")
    changes = [(entry["event"], entry["old_memory"], entry["new_memory"]) for entry in client.history(identifier)[:2]]
    assert changes == [("ADD", None, "tea"), ("UPDATE", "tea", "coffee")]
    assert client.delete(identifier)["message"] == "Memory deleted successfully!"
    for call in (client.get, client.delete):
        with pytest.raises(MemoryNotFoundError):
            call(identifier)


def test_users_are_listed_and_deleted(client: Any, remember: Remember) -> None:
    remember("tea", user_id="alice")
    remember("water", user_id="bob")
    remember("coffee", agent_id="bot")
    assert [(entity["type"], entity["name"]) for entity in client.users()["results"]] == [
        ("user", "alice"), ("user", "bob"), ("agent", "bot"),
    ]  # fmt: skip
    client.delete_all(user_id="alice")
    assert (_all(client), _all(client, "bob")) == ([], ["water"])
    client.delete_users(agent_id="bot")
    assert [entity["name"] for entity in client.users()["results"] if entity["total_memories"]] == ["bob"]
    assert client.reset()["message"].startswith("Client reset successful")
    assert client.users()["count"] == 0


def test_batches(client: Any, remember: Remember) -> None:
    ids = [remember(f"tea {number}") for number in range(3)]
    changes = [{"memory_id": identifier, "text": f"coffee {number}"} for number, identifier in enumerate(ids)]
    assert client.batch_update(changes)["message"] == "Successfully updated 3 memories"
    client.batch_delete([{"memory_id": ids[0]}, {"memory_id": ids[2]}])
    assert _all(client) == ["coffee 1"]


def test_feedback_is_stored(sandbox: RunningSandbox, client: Any, remember: Remember) -> None:
    # The client's own fault, after the reply.
    with pytest.raises(TypeError, match="capture_client_event"):
        client.feedback(remember("tea"), feedback="POSITIVE", feedback_reason="It is so")
    sandbox.set_faults({"path": "/v1/feedback/", "status": 500})
    with pytest.raises(Exception, match="500"):
        client.feedback(remember("coffee"), feedback="POSITIVE")


def test_exports_and_the_summary(client: Any, remember: Remember) -> None:
    remember("I like tea")
    made = client.create_memory_export(schema={"type": "object"}, filters={"AND": [ALICE]})
    for wanted in ({"memory_export_id": made["id"]}, {"user_id": "alice"}, {"filters": ALICE}):
        assert [memory["memory"] for memory in client.get_memory_export(**wanted)["memories"]] == ["I like tea"]
    [summary] = client.get_summary(filters={"AND": [ALICE]})
    assert summary["summary"] == "I like tea"


def test_the_project_its_members_and_its_webhooks(client: Any) -> None:
    client.update_project(custom_instructions="Be brief.")
    client.project.update(custom_categories=[{"riding": "anything with horses"}], enable_graph=False)
    assert client.get_project(fields=["custom_instructions"]) == {"custom_instructions": "Be brief."}
    assert client.project.get(fields=["custom_categories"]) == {
        "custom_categories": [{"riding": "anything with horses"}]
    }
    client.project.add_member("member@example.test")
    client.project.update_member("member@example.test", "OWNER")
    assert [member["role"] for member in client.project.get_members()["members"]] == ["OWNER", "OWNER"]
    client.project.remove_member("member@example.test")
    assert client.project.create("another")["project_id"]
    made = client.create_webhook("http://127.0.0.1:9/", "hook", client.project_id, ["memory_add"])
    client.update_webhook(made["webhook_id"], name="renamed")
    assert [hook["name"] for hook in client.get_webhooks(client.project_id)] == ["renamed"]
    client.delete_webhook(made["webhook_id"])
    assert client.get_webhooks(client.project_id) == []
    client.add(SAID, **ALICE)
    client.project.delete()
    assert _all(client) == []


def test_failures_reach_the_user(sandbox: RunningSandbox, client: Any) -> None:
    with pytest.raises(ValidationError, match="At least one of user_id"):
        client.add(SAID)
    add = {"path": "/v1/memories/"}
    sandbox.set_faults(
        {**add, "calls": 1, "status": 429, "retry_after": 7},
        {**add, "calls": 2, "reset": "before"},
        {**add, "calls": 3, "html": 502},
    )
    for failure in (RateLimitError, NetworkError, Exception):
        with pytest.raises(failure):
            client.add(SAID, **ALICE)
    assert _all(client) == []


async def test_the_asynchronous_client_does_the_same(waiting: Any) -> None:
    second = {"version": "v2"} if OLDEST else {}
    await waiting.add(SAID, **ALICE)
    page = await waiting.get_all(filters=ALICE, page=1, page_size=10, **second)
    assert sorted(_texts(page)) == FACTS
    [found] = [one for one in page["results"] if one["memory"] == FACTS[0]]
    assert _texts(await waiting.search("hiking", filters=ALICE, top_k=1, **second)) == [FACTS[0]]
    assert (await waiting.get(found["id"]))["memory"] == FACTS[0]
    assert (await waiting.update(found["id"], text="I love skiing"))["memory"] == "I love skiing"
    assert [entry["event"] for entry in await waiting.history(found["id"])] == ["ADD", "UPDATE"]
    await waiting.batch_update([{"memory_id": found["id"], "text": "I love sailing"}])
    made = await waiting.create_memory_export(schema={"type": "object"}, filters={"AND": [ALICE]})
    export = await waiting.get_memory_export(memory_export_id=made["id"])
    assert sorted(memory["memory"] for memory in export["memories"]) == ["I love sailing", FACTS[1]]
    assert "I love sailing" in (await waiting.get_summary(filters=ALICE))[0]["summary"]
    await waiting.project.update(custom_instructions="Be brief.")
    assert await waiting.get_project(fields=["custom_instructions"]) == {"custom_instructions": "Be brief."}
    hook = await waiting.create_webhook("http://127.0.0.1:9/", "hook", waiting.project_id, ["memory_add"])
    await waiting.delete_webhook(hook["webhook_id"])
    assert await waiting.get_webhooks(waiting.project_id) == []
    await waiting.batch_delete([{"memory_id": found["id"]}])
    await waiting.delete_all(**ALICE)
    assert [entity["name"] for entity in (await waiting.users())["results"] if entity["total_memories"]] == []
    # Here it has no errors of its own.
    with pytest.raises(httpx.HTTPStatusError, match="404 Not Found"):
        await waiting.get(UNKNOWN_ID)
