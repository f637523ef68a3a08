"""A caller's filters are refused, or sent as one term of an AND with the user.

A case: `{"action": …, "user_id": …, "scope": {…}, "filters": …}`.
"""

import json
from collections.abc import Iterator
from typing import Any

from tests.fuzz.offline_mem0 import Answer, call
from tests.fuzz.targets.ownership import SCOPES, is_given, reaches_only, same_user, user_of
from tests.fuzz.targets.shapes import mapping
from tests.mem0.client import KEY, example_input
from tests.mem0.client import check as check_result

__all__ = ["check"]

_ACTIONS = ("search_memories", "get_memories", "summarize_memories")
_NOTHING = Answer(body=b'{"results": [], "count": 0, "next": null}')


def check(case: Any) -> None:
    """Raise if the property does not hold."""
    case = mapping(case)
    action = case.get("action")
    if action not in _ACTIONS:
        return
    scope = {name: value for name, value in mapping(case.get("scope")).items() if name in SCOPES}
    example = example_input(action)
    given = {**example, **scope, "user_id": case.get("user_id", "alice"), "filters": case.get("filters")}
    result, requests = call(action, given, lambda _: _NOTHING)
    check_result(action, result, KEY)
    if result.error is not None:
        assert result.error.code == "invalid_input", result.error
        assert not requests
        return
    user = user_of(given["user_id"])
    assert user is not None
    for request in requests:
        sent = json.loads(request.body or b"")["filters"]
        narrower = [(name, user_of(value)) for name, value in scope.items() if is_given(value)]
        assert reaches_only(sent, user, narrower), sent
        assert all(same_user(named, user) for named in _users(sent)), sent


def _users(filters: Any) -> Iterator[Any]:
    """All that a filter says of users, outside of metadata, whose keys are the caller's own."""
    if isinstance(filters, dict):
        for key, value in filters.items():
            if key == "user_id":
                yield value
            elif key != "metadata":
                yield from _users(value)
    elif isinstance(filters, list):
        for item in filters:
            yield from _users(item)
