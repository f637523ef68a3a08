"""``POST /v3/memories/search/`` and ``POST /v3/memories/``."""

from __future__ import annotations

import sqlite3
from typing import Any

from starlette.requests import Request

from modulex_mem0.sandbox import fields, records, search, selection
from modulex_mem0.sandbox.body import read_object
from modulex_mem0.sandbox.conditions import Condition, Node, conditions
from modulex_mem0.sandbox.endpoint import route
from modulex_mem0.sandbox.errors import ApiError
from modulex_mem0.sandbox.filter_fields import metadata_condition
from modulex_mem0.sandbox.filters import parse_filters, refuse_top_level_entities, require_entity
from modulex_mem0.sandbox.keyring import Project
from modulex_mem0.sandbox.paging import Page
from modulex_mem0.sandbox.search import Query
from modulex_mem0.sandbox.selection import Selection
from modulex_mem0.sandbox.service import Service


async def _search(request: Request, service: Service, project: Project) -> dict[str, Any]:
    body = await read_object(request)
    parts = _scoped_filter(body)
    if any(condition.field == "keywords" for condition, _ in conditions(parts[0])):
        # A fault of the service, kept because clients must cope with it.
        raise ApiError(500, {"error": "Internal server error"})
    query = Query(
        text=fields.text(body, "query", required=True, blank=False) or "",
        top_k=fields.whole_number(body, "top_k", default=10, least=1, most=1000),
        threshold=fields.number(body, "threshold", default=0.1, least=0, most=1),
        only_fields=_only_fields(body),
    )
    fields.flag(body, "rerank", default=False)  # checked; the ranking is already complete
    reference = fields.instant(body, "reference_date")
    wanted = fields.mapping(body, "metadata")
    parts.extend(metadata_condition(key, "eq", value) for key, value in (wanted or {}).items())
    chosen = Selection.make(
        project.id,
        *parts,
        show_expired=fields.flag(body, "show_expired", default=False),
        at=None if reference is None else reference.micros,
    )
    # Searching may have to embed what an earlier, lexical run of the server stored.
    return {"results": await service.read(search.search, chosen, query, service.vectors)}


async def _list(request: Request, service: Service, project: Project) -> dict[str, Any]:
    body = await read_object(request)
    parts = _scoped_filter(body)
    keywords = fields.text(body, "keywords")
    parts.extend(Condition("text", "icontains", word) for word in (keywords or "").split())
    parts.extend(selection.whole_days(fields.day(body, "start_date"), fields.day(body, "end_date")))
    chosen = Selection.make(project.id, *parts, show_expired=fields.flag(body, "show_expired", default=False))
    only_fields, page = _only_fields(body), Page.read(request, body)

    def work(connection: sqlite3.Connection) -> tuple[int, list[sqlite3.Row]]:
        count = selection.count(connection, chosen)
        return count, selection.newest_first(connection, chosen, page.size, page.offset(count))

    count, rows = await service.read(work)
    return page.envelope(request, count, [records.restricted(records.listed(row), only_fields) for row in rows])


def _scoped_filter(body: fields.Body) -> list[Node]:
    """The filter that both routes insist on, and their common ``categories``."""
    refuse_top_level_entities(body)
    tree = parse_filters(body.get("filters"))
    require_entity(tree)
    categories = fields.texts(body, "categories")
    return [tree, Condition("categories", "in", tuple(categories))] if categories else [tree]


def _only_fields(body: fields.Body) -> tuple[str, ...] | None:
    names = fields.texts(body, "fields")
    return tuple(names) if names else None


ROUTES = [route("POST", "/v3/memories/search/", _search), route("POST", "/v3/memories/", _list)]
