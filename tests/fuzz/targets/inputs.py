"""An input is taken, or refused with the field and the reason; what is sent then reaches the named user alone.

A case: `{"action": …, "input": …}`.
"""

import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from modulex_mem0.runtime.http.transport import Request
from tests.fuzz.offline_mem0 import Answer, call
from tests.fuzz.targets.ownership import SCOPES, is_given, reaches_only, same_user, user_of
from tests.fuzz.targets.shapes import mapping
from tests.mem0.client import BY_NAME, KEY, NAMES
from tests.mem0.client import check as check_result

__all__ = ["check"]

# The input as a whole, or the name of a parameter.
_WITHOUT_A_FIELD = ("the input of ", "must be text without half of a character")


def check(case: Any) -> None:
    """Raise if the property does not hold."""
    case = mapping(case)
    action = case.get("action")
    if action not in NAMES:
        return
    given = case.get("input")
    ids = {name: user_of(mapping(given).get(name)) for name in ("user_id", *SCOPES)}
    user = ids["user_id"]
    result, requests = call(action, given, lambda request: _helpful(request, ids))
    check_result(action, result, KEY)
    if result.error is not None and result.error.code == "invalid_input":
        # A value that cannot be sent is noticed when it is, which may be after a look at whose the memory is.
        assert all(request.method == "GET" for request in requests)
        assert ": " in result.error.message or result.error.message.startswith(_WITHOUT_A_FIELD), result.error
        return
    assert isinstance(given, dict)
    if BY_NAME[action].hints.cross_user:
        return
    if action != "get_event":
        assert user is not None
    for request in requests:
        if user is not None:
            _check_user(request, user, {name: given[name] for name in SCOPES if is_given(given.get(name))})
    if action == "delete_memories":
        _check_delete(given, requests)


def _helpful(request: Request, ids: dict[str, str | None]) -> Answer:
    """The reply with which the action goes on: everything is the user's, and within the given scopes."""
    path = urlsplit(request.url).path.strip("/").split("/")
    record = {"id": path[2] if len(path) > 2 else "m-1", "memory": "User likes tea", **ids}
    body = {
        **record,
        "status": "ok" if path[1] == "ping" else "SUCCEEDED",
        "event_id": "e-1",
        "message": "Fine",
        "payload": {"user_id": ids["user_id"]},
        "count": 1,
        "next": None,
        "results": [{**record, "id": "m-1"}],
    }
    if path[-1] == "history":
        return Answer(body=json.dumps([record]).encode())
    return Answer(body=json.dumps(body).encode())


def _check_user(request: Request, user: str, scopes: dict[str, Any]) -> None:
    """The request names nobody else, and its filters are bound to the user and to every scope that was given."""
    body = json.loads(request.body or b"{}")
    query = dict(parse_qsl(urlsplit(request.url).query, keep_blank_values=True))
    for named in (body.get("user_id"), query.get("user_id")):
        assert named is None or same_user(named, user)
    if request.url.endswith("/add/"):
        assert body["user_id"] == user
    if request.url.endswith("/add/") or request.method == "PUT":
        # Elsewhere metadata is a condition.
        for written in (body, *body.get("memories", [])):
            assert same_user((written.get("metadata") or {}).get("for_user_id", user), user)
    if "filters" in body:
        narrower = [(name, user_of(value)) for name, value in scopes.items()]
        assert reaches_only(body["filters"], user, narrower), body["filters"]


def _check_delete(given: dict[str, Any], requests: list[Request]) -> None:
    """Everything is deleted only where exactly that was asked for: no empty value widens a delete."""
    scopes = {name: value for name in (*SCOPES, "metadata") if (value := given.get(name)) is not None}
    named = [name for name, value in scopes.items() if is_given(value)]
    for request in requests:
        if request.method != "DELETE":
            continue
        assert given.get("confirm"), given
        assert not _is_true(given.get("dry_run")), given
        # A blank beside a name may stand for a value that got lost.
        assert named == list(scopes) or not named, given
        if "/v1/memories/" in request.url:
            assert _is_true(given.get("everything")), given
            assert not named, given
        else:
            assert named, given


def _is_true(value: Any) -> bool:
    return value in (True, 1) or (isinstance(value, str) and value.lower() in ("true", "t", "yes", "y", "on", "1"))
