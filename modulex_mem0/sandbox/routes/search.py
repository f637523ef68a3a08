"""`POST /v3/memories/search/` and `POST /v3/memories/`: memories ranked against a query, and listed in pages."""

import sqlite3
from contextlib import suppress
from dataclasses import replace
from typing import Any

from starlette.requests import Request

from modulex_mem0.sandbox.clock import DAY, now, parse_instant
from modulex_mem0.sandbox.http.auth import Project
from modulex_mem0.sandbox.http.errors import ApiError
from modulex_mem0.sandbox.http.pages import Page
from modulex_mem0.sandbox.http.requests import Body, read_body
from modulex_mem0.sandbox.routes.endpoint import Backend, route
from modulex_mem0.sandbox.search import ranking
from modulex_mem0.sandbox.search.filters import (
    Condition,
    Node,
    conditions,
    metadata_condition,
    parse_filters,
    require_entity,
)
from modulex_mem0.sandbox.search.selection import Selection
from modulex_mem0.sandbox.store import jobs
from modulex_mem0.sandbox.store.entities import ENTITY_FIELDS
from modulex_mem0.sandbox.store.jobs import Results
from modulex_mem0.sandbox.store.memories import Record, only_fields, record_in_list

__all__ = ["ROUTES", "created_between", "keyword_conditions", "only_these", "search_memories"]


async def _search(request: Request, backend: Backend, project: Project) -> dict[str, Any]:
    body = await read_body(request)
    body.flag("rerank", default=False)  # checked only: the ranking is already complete
    return {"results": await search_memories(backend, project, body, _filter_parts(body), threshold=0.1)}


async def search_memories(
    backend: Backend, project: Project, body: Body, parts: list[Node], *, threshold: float, count_field: str = "top_k"
) -> list[Record]:
    """Rank the memories that match all of `parts`, and log the search as an event.

    Args:
        backend: Where the memories are.
        project: Whose they are.
        body: The request, with `query` and what limits the results.
        parts: The filters.
        threshold: The score that is asked for if the body names none.
        count_field: The field that says how many results are wanted.

    Raises:
        ApiError: 400 for a field of the wrong type; 500 for a filter by keywords, as on the service.
    """
    if any(condition.field == "keywords" for part in parts for condition, _ in conditions(part)):
        # A bug of the service, kept because clients must cope with it.
        raise ApiError(500, {"error": "Internal server error"})
    query = ranking.Query(
        text=body.text("query", required=True, blank=False) or "",
        top_k=body.integer(count_field, default=10, least=1, most=1000),
        threshold=body.number("threshold", default=threshold, least=0, most=1),
        only_fields=only_these(body),
    )
    reference = body.instant("reference_date")
    wanted = body.mapping("metadata")
    selection = Selection.matching(
        project.id,
        *parts,
        *(metadata_condition(key, "eq", value) for key, value in (wanted or {}).items()),
        show_expired=body.flag("show_expired", default=False),
        at=None if reference is None else reference.micros,
    )
    started_at = now()
    await backend.embed_missing(project.id)
    found = await backend.run(ranking.search, selection, query, backend.vectors)
    results: Results = [{key: record[key] for key in ("id", "memory", "score") if key in record} for record in found]
    # In a transaction of its own: a full disk must not stop a search.
    with suppress(sqlite3.Error):
        await backend.run(jobs.log, project.id, "SEARCH", body, results=results, started_at=started_at)
    return found


async def _list(request: Request, backend: Backend, project: Project) -> dict[str, Any]:
    body = await read_body(request)
    parts = _filter_parts(body)
    parts.extend(keyword_conditions(body.text("keywords")))
    parts.extend(created_between(body.date("start_date"), body.date("end_date")))
    selection = Selection.matching(project.id, *parts, show_expired=body.flag("show_expired", default=False))
    fields, page = only_these(body), Page.read(request, body)

    def work(connection: sqlite3.Connection) -> tuple[int, list[sqlite3.Row]]:
        count = selection.count(connection)
        return count, selection.newest(connection, page.size, page.offset(count))

    count, rows = await backend.run(work)
    return page.envelope(request, count, [only_fields(record_in_list(row), fields) for row in rows])


def _filter_parts(body: Body) -> list[Node]:
    """The filter, which both routes require, and `categories`, which both accept."""
    misplaced = [field for field in ENTITY_FIELDS if body.get(field) is not None]
    if misplaced:
        names = ", ".join(misplaced)
        raise ApiError(400, {"error": f"Top-level entity parameters are not supported: {names}. Use filters instead."})
    tree = parse_filters(body.get("filters"))
    require_entity(tree)
    categories = body.texts("categories")
    return [tree, Condition("categories", "in", tuple(categories))] if categories else [tree]


def keyword_conditions(keywords: str | None) -> list[Node]:
    """The memory contains each of these words, in any case."""
    return [Condition("text", "icontains", word) for word in (keywords or "").split()]


def created_between(first: str | None, last: str | None) -> list[Node]:
    """Created from the first to the last of these UTC days, both included; `None` leaves an end open."""
    parts: list[Node] = []
    start, end = parse_instant(first), parse_instant(last)
    if start is not None:
        parts.append(Condition("created_at", "gte", start))
    if end is not None:
        parts.append(Condition("created_at", "lt", replace(end, micros=end.micros + DAY)))
    return parts


def only_these(body: Body) -> tuple[str, ...] | None:
    """The fields that the client wants of each memory; `None` for all."""
    names = body.texts("fields")
    return tuple(names) if names else None


ROUTES = [route("POST", "/v3/memories/search/", _search), route("POST", "/v3/memories/", _list)]
