"""However a filter is nested, the call stays within its user's memories: generated filters, sent as they would be."""

from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modulex_mem0.runtime import Runtime
from modulex_mem0.sandbox import RunningSandbox
from tests.helpers.scripted_server import ScriptedServer
from tests.helpers.steps import json_reply
from tests.mem0.helpers.kit import KEY

NAMES = st.sampled_from(["alice", "bob", "*", "planner", "chef", "r-1", "", "%", "'"])
DAYS = st.sampled_from(["2024-01-01", "2999-01-01", "1970-01-01T00:00:00Z", 0, 1])
ENTITIES = st.sampled_from(["user_id", "agent_id", "app_id", "run_id"])


def operated(values: st.SearchStrategy[Any], *operators: str) -> st.SearchStrategy[Any]:
    return values | st.dictionaries(st.sampled_from(operators), values | st.lists(values, max_size=3), max_size=2)


CONDITIONS = st.one_of(
    st.dictionaries(ENTITIES, operated(NAMES, "eq", "ne", "in", "nin"), max_size=2),
    st.fixed_dictionaries({"created_at": operated(DAYS, "gt", "gte", "lt", "lte", "ne", "in")}),
    st.fixed_dictionaries({"metadata": st.dictionaries(NAMES, operated(NAMES, "eq", "ne", "contains"), max_size=2)}),
    st.fixed_dictionaries({"text": operated(NAMES, "contains", "icontains")}),
    st.fixed_dictionaries({"categories": st.fixed_dictionaries({"in": st.lists(NAMES, min_size=1, max_size=2)})}),
    # Sure to be accepted and to match the other user's too, so that much of what is generated reaches the service.
    st.sampled_from([{"app_id": "chef"}, {"agent_id": {"ne": "x"}}, {"created_at": {"gte": "1970-01-01"}}]),
)


def nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    some = st.lists(inner, min_size=1, max_size=3)
    return st.one_of(
        st.fixed_dictionaries({"AND": some}),
        st.fixed_dictionaries({"OR": some}),
        st.fixed_dictionaries({"NOT": some | inner}),
        st.builds(lambda words, more: {**more, **words}, st.fixed_dictionaries({"OR": some}), CONDITIONS),
        st.fixed_dictionaries({"AND": some, "OR": some}),
    )


FILTERS = st.recursive(CONDITIONS, nested, max_leaves=8)


@pytest.fixture(scope="module")
def shared_project(mem0_sandbox_server: RunningSandbox) -> RunningSandbox:
    """Two users who have as much in common as two users can."""
    project = mem0_sandbox_server.with_fresh_project()
    for user in ("alice", "bob"):
        for scope in ({"app_id": "chef", "run_id": "r-1"}, {"agent_id": "planner"}, {}):
            body = {
                "user_id": user,
                "messages": [{"role": "user", "content": f"{user} likes tea."}],
                "infer": False,
                "metadata": {"alice": "bob"},
                **scope,
            }
            httpx.post(f"{project.base_url}/v3/memories/add/", json=body, headers=project.headers).raise_for_status()
    return project


# The action that a filter goes through, and what is needed beside it.
CALLS = [("search_memories", {"query": "likes tea", "threshold": 0}), ("get_memories", {}), ("summarize_memories", {})]


@pytest.mark.parametrize(("action", "more"), CALLS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(filters=FILTERS)
def test_an_accepted_filter_stays_a_term_of_an_and_with_the_user(
    host: Runtime,
    lasting_server: ScriptedServer,
    shared_project: RunningSandbox,
    *,
    action: str,
    more: dict[str, Any],
    filters: dict[str, Any],
) -> None:
    lasting_server.script(json_reply({"results": [], "count": 0}))
    credential = {"api_key": KEY, "base_url": lasting_server.url}
    result = host.call_sync("mem0", action, {"user_id": "alice", "filters": filters, **more}, credential=credential)
    if not result.success:
        assert result.error is not None
        assert result.error.code == "invalid_input"
        assert lasting_server.requests == []
        return
    (request,) = lasting_server.requests
    assert request.json()["filters"] == {"AND": [{"user_id": "alice"}, filters]}
    # The very same request, without anything that the connector does to the answer.
    answer = httpx.request(
        request.method, shared_project.base_url + request.target, content=request.body, headers=shared_project.headers
    )
    assert answer.status_code in (200, 400)
    assert "bob likes" not in answer.text


@pytest.mark.parametrize(("action", "more"), CALLS)
def test_the_same_requests_do_find_the_users_own(
    host: Runtime, shared_project: RunningSandbox, action: str, more: dict[str, Any]
) -> None:
    credential = {"api_key": shared_project.api_key, "base_url": shared_project.base_url}
    given_input = {"user_id": "alice", "filters": {"metadata": {"alice": "bob"}}, **more}
    result = host.call_sync("mem0", action, given_input, credential=credential)
    assert "alice likes" in str(result.output)
