"""Versions 1 and 2 of add, list and search, which the API's document calls deprecated and many clients still send."""

import sqlite3
from collections.abc import Iterable
from typing import Any

from starlette.requests import Request

from modulex_mem0.sandbox.http.auth import Project
from modulex_mem0.sandbox.http.errors import NO_ENTITY, ApiError
from modulex_mem0.sandbox.http.pages import DEFAULT_PAGE, LARGEST_PAGE, Page
from modulex_mem0.sandbox.http.requests import Body, read_body
from modulex_mem0.sandbox.routes.add import Add, store_verbatim
from modulex_mem0.sandbox.routes.endpoint import Backend, queue, route
from modulex_mem0.sandbox.routes.memories import read_metadata
from modulex_mem0.sandbox.routes.search import created_between, keyword_conditions, only_these, search_memories
from modulex_mem0.sandbox.search.filters import Condition, Node, metadata_condition, parse_filters, require_entity
from modulex_mem0.sandbox.search.selection import Selection
from modulex_mem0.sandbox.store import jobs
from modulex_mem0.sandbox.store.entities import ENTITY_FIELDS
from modulex_mem0.sandbox.store.memories import Record, only_fields, record_by_id, record_in_list

__all__ = ["ROUTES"]

_QUEUED = "Memory processing has been queued for background execution"
_NOBODY_TO_SEARCH = "At least one of the filters: agent_id, user_id, app_id, run_id is required!"


async def _add(request: Request, backend: Backend, project: Project) -> list[dict[str, Any]] | dict[str, Any]:
    try:
        body = await read_body(request)
        add = Add.read(body)
        asynchronous = body.flag("async_mode", default=True)
    except ApiError as error:
        raise ApiError(error.status, _explained(error)) from error
    if not add.infer:
        event_id = (await backend.run_and_embed(store_verbatim, project.id, add, body))["event_id"]
        asynchronous = False
    else:
        event_id = await queue(request, backend, project, "ADD", body, at_once=not asynchronous)
    results = [{"message": _QUEUED, "status": "PENDING", "event_id": event_id}]
    if not asynchronous:
        event = await backend.run(jobs.find_event, project.id, event_id)
        state = {"message": "Memories added", "status": "SUCCEEDED", "event_id": event_id}
        # What clients of that time read, beside what the document says.
        results = [{**state, **result} for result in (event or {})["results"]]
    wrapped = body.get("output_format") == "v1.1" and body.get("version") == "v2"
    return {"results": results, "relations": []} if wrapped else results


def _explained(error: ApiError) -> dict[str, Any]:
    """The body that the document gives an add that is refused, with the reason in it."""
    [(field, reason), *_] = error.body.items() if isinstance(error.body, dict) else [("error", error.body)]
    text = "; ".join(reason) if isinstance(reason, list) else str(reason)
    message = text if field in {"error", "detail"} else f"{field}: {text}"
    return {"error": "400 Bad Request", "details": {"message": message}}


async def _list_1(request: Request, backend: Backend, project: Project) -> list[Record] | dict[str, Any]:
    query = request.query_params
    body = Body(query)
    parts: list[Node] = [Condition(field, "eq", query[field]) for field in ENTITY_FIELDS if query.get(field)]
    if not parts:
        raise ApiError(400, [NO_ENTITY])
    parts.extend(metadata_condition(key, "eq", value) for key, value in read_metadata(query).items())
    categories = _texts(query.getlist("categories"))
    if categories:
        parts.append(Condition("categories", "in", categories))
    parts.extend(keyword_conditions(body.text("keywords")))
    dates = Body({field: query[field] for field in ("start_date", "end_date") if query.get(field)})
    parts.extend(created_between(dates.date("start_date"), dates.date("end_date")))
    paged = bool(query.get("page") and query.get("page_size"))
    page = Page.read(request) if paged else Page("1", _read_limit(query.get("limit")))
    count, rows = await backend.run(_read_page, Selection.matching(project.id, *parts), page)
    fields = _texts(query.getlist("fields")) or None
    found = [only_fields(record_by_id(row), fields) for row in rows]
    return page.envelope(request, count, found) if paged else found


def _read_limit(text: str | None) -> int:
    if not text:
        return DEFAULT_PAGE
    if not text.isascii() or not text.isdecimal() or int(text[:20]) == 0:
        raise ApiError(400, {"error": "limit must be a positive integer"})
    if int(text[:20]) > LARGEST_PAGE:
        raise ApiError(400, {"error": f"limit must be <= {LARGEST_PAGE}"})
    return int(text)


def _texts(values: Iterable[str]) -> tuple[str, ...]:
    """The items of a query parameter that is given several times, or once with commas."""
    return tuple(item.strip() for value in values for item in value.split(",") if item.strip())


async def _list_2(request: Request, backend: Backend, project: Project) -> list[Record] | dict[str, Any]:
    body = await read_body(request)
    tree = _read_filters(body, NO_ENTITY)
    page = Page.read(request, body)
    count, rows = await backend.run(_read_page, Selection.matching(project.id, tree), page)
    fields = only_these(body)
    found = [only_fields(record_in_list(row), fields) for row in rows]
    # The document knows the list alone. Official clients that ask for a page in the query read an object.
    paged = bool(request.query_params.get("page") and request.query_params.get("page_size"))
    return page.envelope(request, count, found) if paged else _wrapped(body, found)


def _read_page(connection: sqlite3.Connection, selection: Selection, page: Page) -> tuple[int, list[sqlite3.Row]]:
    count = selection.count(connection)
    return count, selection.newest(connection, page.size, page.offset(count))


async def _search_1(request: Request, backend: Backend, project: Project) -> list[Record] | dict[str, Any]:
    body = await read_body(request)
    # None of them has an effect here; they are checked as the service checks them.
    for field in ("rerank", "keyword_search", "filter_memories", "only_metadata_based_search"):
        body.flag(field, default=False)
    parts: list[Node] = [
        Condition(field, "eq", value) for field in ENTITY_FIELDS if (value := body.text(field)) not in {None, ""}
    ]
    if body.mapping("filters"):
        parts.append(parse_filters(body["filters"]))
    try:
        require_entity(parts[0] if parts else Condition("text", "icontains", ""))
    except ApiError as error:
        raise ApiError(400, {"message": _NOBODY_TO_SEARCH}) from error
    parts.extend(_category_parts(body))
    count = "limit" if "limit" in body and "top_k" not in body else "top_k"
    found = await search_memories(backend, project, body, parts, threshold=0.3, count_field=count)
    return _wrapped(body, found)


async def _search_2(request: Request, backend: Backend, project: Project) -> list[Record] | dict[str, Any]:
    body = await read_body(request)
    for field in ("rerank", "keyword_search", "filter_memories"):
        body.flag(field, default=False)
    parts = [_read_filters(body, NO_ENTITY), *_category_parts(body)]
    found = await search_memories(backend, project, body, parts, threshold=0.3)
    for record in found:
        if "run_id" in record:
            record["session_id"] = record.pop("run_id")
    return _wrapped(body, found)


def _read_filters(body: Body, missing: str) -> Node:
    """The filters; those of older clients may also be at the top level."""
    top = {field: body[field] for field in ENTITY_FIELDS if body.get(field)}
    filters = body.mapping("filters")
    given = {"AND": [top, filters]} if top and filters else filters or top
    if not given:
        raise ApiError(400, {"message": missing})
    tree = parse_filters(given)
    require_entity(tree)
    return tree


def _category_parts(body: Body) -> list[Node]:
    categories = body.texts("categories")
    return [Condition("categories", "in", tuple(categories))] if categories else []


def _wrapped(body: Body, found: list[Record]) -> list[Record] | dict[str, Any]:
    return {"results": found, "relations": []} if body.get("output_format") == "v1.1" else found


ROUTES = [
    route("POST", "/v1/memories/", _add),
    route("GET", "/v1/memories/", _list_1),
    route("POST", "/v1/memories/search/", _search_1),
    route("POST", "/v2/memories/", _list_2),
    route("POST", "/v2/memories/search/", _search_2),
]
