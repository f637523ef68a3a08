"""The steps of `modulex-mem0 demo`, in the order in which a workflow platform takes them. Each checks its results."""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pydantic import SecretStr

from modulex_mem0.cli.demo_session import INTEGRATION, DemoError, DemoSession, expect
from modulex_mem0.cli.output import hint_words, numbered
from modulex_mem0.contract import ErrorCode

__all__ = ["run_steps"]

_ALICE: Final = "alice"
_BOB: Final = "bob"
_CONVERSATION: Final[list[dict[str, Any]]] = [
    {"role": "user", "content": "Hi! I'm Alice. I moved to Lisbon in March for a new job."},
    {"role": "assistant", "content": "Welcome! What should I keep in mind for you?"},
    {"role": "user", "content": "I'm a vegetarian and allergic to peanuts. I play tennis."},
    {"role": "assistant", "content": "Noted. Shall I find a place for tonight?"},
    {"role": "user", "content": "Yes, please! I like quiet restaurants."},
]
# How many of her statements are worth remembering: all but the greeting and the thanks.
_REMEMBERED: Final = 5
_QUERY: Final = "vegetarian restaurants that are quiet"
_BEST: Final = "I like quiet restaurants"

_PATIENCE = 15.0
_POLL_INTERVAL = 0.2
_PAGE_SIZE = 3


async def run_steps(session: DemoSession) -> int:
    """Run all steps.

    Returns:
        The number of steps.

    Raises:
        DemoError: A step did not do what it should; the message names the step.
    """
    for number, (title, step) in enumerate(_STEPS, 1):
        session.print_heading(number, title)
        try:
            await step(session)
        except DemoError as error:
            raise DemoError(f"step {number} ({title}): {error}") from None
    return len(_STEPS)


async def _discover(session: DemoSession) -> None:
    """Find the integration through pluggy, as a workflow platform does when it starts."""
    installed = session.runtime.integrations
    expect(INTEGRATION in installed, f"the integration {INTEGRATION} to be installed")
    manifest = session.integration.manifest
    session.print_text("pluggy asked every installed plugin of the group `modulex` for its integrations:")
    session.print_table(
        ("INTEGRATION", "VERSION", "DISTRIBUTION", "CATEGORIES"),
        [(manifest.name, manifest.version, installed.distribution_of(INTEGRATION), ", ".join(manifest.categories))],
    )


async def _show_authentication(session: DemoSession) -> None:
    """Show the form that a platform makes of the authentication scheme."""
    scheme = session.integration.profile.auth_schemes[0]
    expect(bool(scheme.setup_steps), "set-up steps to show")
    expect(any(field.sensitive for field in scheme.fields), "a field that is masked")
    session.print_text(f"{scheme.display_name}: {scheme.description}.")
    session.print_lines(numbered(scheme.setup_steps))
    for field in scheme.fields:
        entered = str(session.api_key) if field.sensitive else session.base_url
        traits = ("masked, " if field.sensitive else "") + ("required" if field.required else "optional")
        session.print_lines(f"  {field.display_name}: [ {entered} ]  ({traits})")


async def _test_credentials(session: DemoSession) -> None:
    """Press the Test button, first with a wrong key."""
    wrong = session.credential(SecretStr(f"m0-{secrets.token_hex(16)}"))
    session.print_text("With a key that the service does not know:")
    session.print_request("test_credential", {name: str(value) for name, value in wrong.items()})
    result = await session.runtime.test_credential(INTEGRATION, credential=wrong)
    expect(
        result.error is not None and result.error.code is ErrorCode.UNAUTHORIZED,
        f"a wrong key to be refused, got {result.output}",
    )
    session.print_error(result.output["error"])

    right = session.credential()
    session.print_text("With the right one:")
    session.print_request("test_credential", {name: str(value) for name, value in right.items()})
    result = await session.runtime.test_credential(INTEGRATION, credential=right)
    expect(result.success, f"the right key to be accepted, got {result.output}")
    session.print_reply(result.output)


async def _show_palette(session: DemoSession) -> None:
    """List what the author of a workflow can choose from."""
    actions = session.integration.manifest.actions
    expect(
        {"add_memories", "search_memories", "get_memories"} <= {action.name for action in actions},
        "the three documented actions on the palette",
    )
    session.print_table(
        ("ACTION", "TITLE", "HINTS"), [(action.name, action.title, hint_words(action.hints)) for action in actions]
    )
    session.print_text("(`modulex-mem0 actions NAME` shows what each takes and returns.)")


async def _add_conversation(session: DemoSession) -> None:
    """Add a conversation; it is accepted at once and stored a moment later."""
    output = await session.call("add_memories", {"user_id": _ALICE, "messages": _CONVERSATION})
    session.print_reply(output)
    expect(output["status"] == "PENDING", f"the status PENDING, got {output['status']}")
    expect(bool(output["event_id"]), "the id of an event")
    session.print_text("PENDING means accepted, not stored, so the list is read until the memories are there:")
    listing = {"user_id": _ALICE}
    session.print_request("get_memories", listing)
    started = time.monotonic()
    memories, reads = await _stored_memories(session, listing, _REMEMBERED)
    session.print_text(f"stored after {time.monotonic() - started:.1f} s and {reads} reads:")
    session.print_table(("CATEGORIES", "MEMORY"), [(", ".join(m["categories"]), m["memory"]) for m in memories])
    session.print_text("(The sandbox takes whole sentences, by rule; Mem0 itself has a language model phrase them.)")


async def _search(session: DemoSession) -> None:
    """Search; the best results come first."""
    output = await session.call("search_memories", {"user_id": _ALICE, "query": _QUERY, "limit": 3})
    found = output["search_results"]
    scores = [memory["score"] for memory in found]
    expect(bool(found), "something to be found")
    expect(scores == sorted(scores, reverse=True), "the best result first")
    expect(found[0]["memory"] == _BEST, f"the best result to be {_BEST!r}, got {found[0]['memory']!r}")
    session.print_table(("SCORE", "MEMORY"), [(f"{memory['score']:.2f}", memory["memory"]) for memory in found])


async def _list_by_date(session: DemoSession) -> None:
    """List by date, a page at a time."""
    today = datetime.now(UTC).date()
    # Not today: the demo may run across midnight.
    since = str(today - timedelta(days=1))
    ids: set[str] = set()
    for page in (1, 2):
        output = await session.call(
            "get_memories", {"user_id": _ALICE, "start_date": since, "limit": _PAGE_SIZE, "page": page}
        )
        expect(output["count"] == _REMEMBERED, f"{_REMEMBERED} memories in all, got {output['count']}")
        expect(not ids & set(output["ids"]), "no memory on two pages")
        expect(bool(output["next"]) == (page == 1), "a next page after the first, and none after the second")
        ids |= set(output["ids"])
        rows = [(memory["created_at"][:19], memory["memory"]) for memory in output["memories"]]
        session.print_table(("CREATED AT (UTC)", "MEMORY"), rows)
        session.print_text(f"{len(rows)} of {output['count']}; next: {output['next'] or 'none'}")
    expect(len(ids) == _REMEMBERED, f"{_REMEMBERED} memories on two pages, got {len(ids)}")

    session.print_text("And up to a day before anything was stored:")
    output = await session.call("get_memories", {"user_id": _ALICE, "end_date": str(today - timedelta(days=2))})
    expect(output["memories"] == [], "no memories from before the demo began")
    session.print_reply({"count": output["count"], "memories": output["memories"]})


async def _refuse(session: DemoSession) -> None:
    """Make the mistakes that people and agents make: each gets one clear line, and never another user's memory."""
    for action, values, detail in (
        ("search_memories", {"user_id": _ALICE, "qury": "food"}, "did you mean 'query'?"),
        ("search_memories", {"user_id": "*", "query": "food"}, "user_id"),
        ("get_memories", {"user_id": _ALICE, "limit": 5000}, "limit"),
        ("get_memories", {"user_id": _ALICE, "memory_id": ".."}, "memory_id"),
    ):
        await session.call_refused(action, values, "invalid_input", detail)

    session.print_text("Bob, a user of the same project, has a memory too. Alice asks for it by its id:")
    await session.call("add_memories", {"user_id": _BOB, "messages": "My door code is 4711."})
    (his,), _ = await _stored_memories(session, {"user_id": _BOB}, 1)
    await session.call_refused("get_memories", {"user_id": _ALICE, "memory_id": his["id"]}, "not_found", "this user")
    output = await session.call("get_memories", {"user_id": _BOB, "memory_id": his["id"]})
    expect(output["memories"][0]["memory"] == his["memory"], "Bob to get his own memory")
    session.print_text(f"Bob himself gets it: {output['memories'][0]['memory']}")


async def _stored_memories(
    session: DemoSession, listing: Mapping[str, Any], number: int
) -> tuple[list[dict[str, Any]], int]:
    """Read a list until it has a number of memories.

    Args:
        session: The session.
        listing: The input of `get_memories`.
        number: How many memories are expected.

    Returns:
        The memories, and how often the list was read.

    Raises:
        DemoError: They were not there within 15 seconds, or the list cannot be read.
    """
    deadline = time.monotonic() + _PATIENCE
    reads = 0
    while True:
        result = await session.call_silently("get_memories", listing)
        reads += 1
        expect(result.success, f"get_memories to succeed, got {result.output['error']}")
        memories: list[dict[str, Any]] = result.output["memories"]
        if len(memories) == number:
            return memories, reads
        if time.monotonic() > deadline:
            raise DemoError(f"expected {number} memories within {_PATIENCE:g} s, found {len(memories)}")
        await asyncio.sleep(_POLL_INTERVAL)


_STEPS: Final[tuple[tuple[str, Callable[[DemoSession], Awaitable[None]]], ...]] = (
    ("Discover what is installed", _discover),
    ("Show how to authenticate", _show_authentication),
    ("Test the credential", _test_credentials),
    ("Put the actions on the palette", _show_palette),
    ("Add a conversation", _add_conversation),
    ("Search the memories", _search),
    ("List them by date, page by page", _list_by_date),
    ("Refuse invalid input", _refuse),
)
