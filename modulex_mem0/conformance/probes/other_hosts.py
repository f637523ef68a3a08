"""Requests go to the service and nowhere else, whatever it says about where to look next."""

import json
from collections.abc import AsyncIterator

from modulex_mem0.conformance.bench import AnyAction, Bench
from modulex_mem0.conformance.faults import Reply, Request, json_reply
from modulex_mem0.conformance.finding import Problem, error
from modulex_mem0.conformance.probe import probe

__all__ = ["other_hosts"]

_ELSEWHERE = "http://127.0.0.2:9/elsewhere"
_LINKS = ("next", "previous", "url", "href", "location", "link", "self", "download_url", "next_page")


@probe("No connection is made to another host, whatever links and redirects the service sends.")
async def other_hosts(bench: Bench, action: AnyAction) -> AsyncIterator[Problem]:
    """Answer with links and redirects. Connections elsewhere are refused and noticed during all probes."""
    good = bench.good_reply(action)

    def linked(request: Request) -> Reply:
        value = json.loads(good(request).body)
        links = dict.fromkeys(_LINKS, _ELSEWHERE) | {"links": {"next": _ELSEWHERE}}
        return json_reply({**value, **links} if isinstance(value, dict) else links)

    await bench.call(action, answer=linked)
    for status in (301, 302, 303, 307, 308):
        observed = await bench.call(action, answer=Reply(status=status, headers={"location": _ELSEWHERE}))
        if observed.requests and observed.succeeded:
            yield error(
                f"actions.{action.name}",
                f"A redirect ({status}) is told as a success.",
                "Call reply.require_success().",
            )
