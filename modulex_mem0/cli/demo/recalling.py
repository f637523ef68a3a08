"""Steps: find memories by what is asked, and by date and page."""

from datetime import UTC, datetime, timedelta
from typing import Any

from modulex_mem0.cli.demo.conversation import ALICE, BEST, REMEMBERED, SEARCHED
from modulex_mem0.cli.demo.expecting import expect
from modulex_mem0.cli.demo.stage import Stage

__all__ = ["list_memories", "search"]

_PAGE = 3


async def search(stage: Stage) -> None:
    """Search; the best come first."""
    output = await stage.call("search_memories", {"user_id": ALICE, "query": SEARCHED, "limit": 3})
    found = output["search_results"]
    scores = [memory["score"] for memory in found]
    expect(bool(found), "something to be found")
    expect(scores == sorted(scores, reverse=True), "the best result first")
    expect(found[0]["memory"] == BEST, f"the best result to be {BEST!r}, got {found[0]['memory']!r}")
    stage.page.rows(("SCORE", "MEMORY"), [(f"{memory['score']:.2f}", memory["memory"]) for memory in found])


async def list_memories(stage: Stage) -> None:
    """List by date, a page at a time."""
    today = datetime.now(UTC).date()
    # Not today: the story may be told across midnight.
    since = str(today - timedelta(days=1))
    ids: set[str] = set()
    for page in (1, 2):
        output = await stage.call("get_memories", {"user_id": ALICE, "start_date": since, "limit": _PAGE, "page": page})
        expect(output["count"] == REMEMBERED, f"{REMEMBERED} memories in all, got {output['count']}")
        expect(not ids & set(output["ids"]), "no memory on two pages")
        expect(bool(output["next"]) == (page == 1), "a next page after the first, and none after the second")
        ids |= set(output["ids"])
        _show(stage, output)
    expect(len(ids) == REMEMBERED, f"{REMEMBERED} memories on two pages, got {len(ids)}")

    stage.page.say("And of a time when nothing was remembered yet:")
    output = await stage.call("get_memories", {"user_id": ALICE, "end_date": str(today - timedelta(days=2))})
    expect(output["memories"] == [], "no memories from before the story began")
    stage.page.received({"count": output["count"], "memories": output["memories"]})


def _show(stage: Stage, output: dict[str, Any]) -> None:
    rows = [(memory["created_at"][:19], memory["memory"]) for memory in output["memories"]]
    stage.page.rows(("CREATED AT (UTC)", "MEMORY"), rows)
    stage.page.say(f"{len(rows)} of {output['count']}; next: {output['next'] or 'none'}")
