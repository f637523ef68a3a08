"""Probes of replies: nothing that a service sends breaks an action, and every failure is reported as one."""

import copy
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from modulex_mem0.conformance.fault_server import Reply, json_reply
from modulex_mem0.conformance.findings import Finding, error
from modulex_mem0.conformance.invariants import broken_invariants
from modulex_mem0.conformance.probes.probe import probe
from modulex_mem0.conformance.testbed import AnyAction, Testbed

__all__ = ["failures_reported", "hostile_replies", "rate_limits_reported"]

_MOST_MUTATIONS = 60


@probe("Whatever the service sends, the action returns a result, and no failure is reported as a success.")
async def hostile_replies(testbed: Testbed, action: AnyAction) -> AsyncIterator[Finding]:
    """Answer the example with everything that a service, a proxy or a stranger may send."""
    for occasion, reply, is_failure in _replies(testbed, action):
        record = await testbed.call(action, answer=reply)
        for finding in broken_invariants(action, record, f"the reply {occasion!r}"):
            yield finding
        if is_failure and record.requests and record.succeeded:
            yield error(
                f"actions.{action.name}",
                f"The reply {occasion!r} is reported as a success.",
                "Read the reply with reply.object() or reply.objects(), or call reply.require_success().",
            )


def _replies(testbed: Testbed, action: AnyAction) -> Iterator[tuple[str, Reply, bool]]:
    """Replies, each with its name, and whether a success would be a lie."""
    for occasion, reply in _failing_replies().items():
        yield occasion, reply, True
    for occasion, reply in _broken_replies().items():
        # An action that reads nothing from its reply may ignore a broken body.
        yield occasion, reply, action.hints.read_only
    for occasion, reply in _odd_replies().items():
        yield occasion, reply, False
    good = testbed.service.replies.get(action.name, action.example.output if action.example else {})
    if not callable(good):
        for occasion, value in _mutations(good, _MOST_MUTATIONS):
            yield occasion, json_reply(value), False


_REPORTS = ({"error": "it did not work"}, {"error": {"message": "it did not work"}}, {"status": "FAILED"})


@probe("A reply of status 200 that reports a failure is not reported as a success.")
async def failures_reported(testbed: Testbed, action: AnyAction) -> AsyncIterator[Finding]:
    """Answer the example with reports of failure."""
    for report in _REPORTS:
        record = await testbed.call(action, answer=json_reply(report))
        for finding in broken_invariants(action, record, f"the reply {report}"):
            yield finding
        if record.requests and record.succeeded:
            yield error(
                f"actions.{action.name}",
                f"The reply {report} is reported as a success.",
                "Check the reply for the service's own report of a failure; if it never words one so, exempt this.",
            )


_WAIT = 77


@probe("A rate limit is reported as `rate_limited`, with the seconds to wait that the service named.")
async def rate_limits_reported(testbed: Testbed, action: AnyAction) -> AsyncIterator[Finding]:
    """Answer the example with 429."""
    reply = json_reply({"detail": "slow down"}, 429, {"retry-after": str(_WAIT)})
    record = await testbed.call(action, answer=reply)
    reported = record.result.error if record.result else None
    if not record.requests:
        return
    if reported is None or reported.code != "rate_limited" or reported.retry_after != _WAIT:
        yield error(
            f"actions.{action.name}",
            f"HTTP 429 with Retry-After {_WAIT} is reported as {record.code or 'success'}"
            f" with retry_after {reported.retry_after if reported else None}.",
            "Read the reply with reply.object() or reply.objects(), or call reply.require_success().",
        )


_PAGE = b"<!doctype html><html><head><title>502</title></head><body><h1>Bad gateway</h1>" + b"<p>x</p>" * 2500
_STATUSES = (400, 401, 402, 403, 404, 405, 408, 409, 410, 413, 418, 422, 423, 425, 429, 500, 501, 502, 503, 504, 599)


def _failing_replies() -> Mapping[str, Reply]:
    """Replies whose status is that of a failed request."""
    later = format_datetime(datetime.now(UTC) + timedelta(hours=2), usegmt=True)
    plain = {str(status): json_reply({"detail": f"refused with {status}"}, status) for status in _STATUSES}
    return plain | {
        "301 to another host": Reply(status=301, headers={"location": "http://127.0.0.2:9/elsewhere"}),
        "307 to another host": Reply(status=307, headers={"location": "//127.0.0.2:9/elsewhere"}),
        "400 with form errors": json_reply({"field": ["This field is required."]}, 400),
        "400 with nothing": Reply(status=400),
        "401 with a list": json_reply(["no", None, {"a": [1]}], 401),
        "404 with a page": _html(404),
        "422 with a deep reason": json_reply({"detail": [{"loc": ["body", 0], "msg": None, "ctx": {"a": {}}}]}, 422),
        "429 with an odd wait": json_reply({}, 429, {"retry-after": "soon"}),
        "429 with a date": json_reply({}, 429, {"retry-after": later}),
        "429 with a huge wait": json_reply({}, 429, {"retry-after": "1e308"}),
        "500 with a traceback": Reply(status=500, body=b"Traceback (most recent call last):\n" + b"  File x\n" * 2000),
        "502 with a page": _html(502),
        "503 with bytes": Reply(status=503, body=bytes(range(256))),
    }


def _broken_replies() -> Mapping[str, Reply]:
    """Replies that cannot be read, or are not from the service."""
    return {
        "a cut body": Reply(body=b'{"results": [' + b" " * 400, ending="cut"),
        "a reset": Reply(ending="reset"),
        "a page of markup": _html(200),
        "broken compression": Reply(body=b"not gzip", headers={"content-encoding": "gzip"}),
        "bytes": Reply(body=bytes(range(256))),
        "cut JSON": Reply(body=b'{"results": [{"id": "1", "na'),
        "no HTTP": Reply(raw=b"SSH-2.0-OpenSSH_9.6\r\n\r\n"),
        "nothing at all": Reply(raw=b""),
    }


def _odd_replies() -> Mapping[str, Reply]:
    """Replies that are JSON but not what was asked for. Whether they are a success is for the action to decide."""
    deep = b"[" * 5000 + b"]" * 5000
    return {
        "204": Reply(status=204),
        "an empty body": Reply(),
        "null": json_reply(None),
        "true": json_reply(True),
        "a number": json_reply(12345),
        "a text": json_reply("ok"),
        "an empty list": json_reply([]),
        "a list of nulls": json_reply([None, None]),
        "an empty object": json_reply({}),
        "an object of nulls": json_reply(dict.fromkeys(("id", "results", "data", "items", "status", "error"))),
        "a numeric id": json_reply({"id": 12345}),
        "lists in place of objects": json_reply({"results": [[]], "data": [], "items": [1]}),
        "a deep nest": Reply(body=deep),
        "a huge number": Reply(body=b'{"id": 1' + b"0" * 400 + b', "count": 1e999}'),
        "not a number": Reply(body=b'{"score": NaN, "count": -Infinity}'),
        "a byte order mark": Reply(body=b'\xef\xbb\xbf{"id": "1"}'),
        "a lone surrogate": Reply(body=b'{"id": "\\ud800", "name": "\\udfff"}'),
        "the same key twice": Reply(body=b'{"id": 1, "id": [2]}'),
        "another content type": Reply(body=b'{"id": "1"}', headers={"content-type": "text/html"}),
        "a long text": json_reply({"id": "x" * 200_000}),
    }


def _html(status: int) -> Reply:
    return Reply(status=status, body=_PAGE, headers={"content-type": "text/html"})


_WRONG: tuple[Any, ...] = (None, True, 12345, -1.5, "text", [], {}, [None], {"unexpected": []}, 10**400)


def _mutations(value: Any, most: int) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - any JSON value
    """Copies of a good reply with one part removed or replaced by another type, each with a name.

    Args:
        value: The good reply.
        most: How many; evenly chosen among all that are possible.
    """
    every = [change for place in _places(value, ()) for change in _changes(value, place)]
    step = max(1, -(-len(every) // most))
    # A step that shares a factor with the number of wrong values would always choose the same ones.
    while step > 1 and (step % 2 == 0 or step % 11 == 0):
        step += 1
    for place, wrong in every[::step]:
        changed = copy.deepcopy(value)
        shown = "".join(f"[{part!r}]" for part in place)
        yield f"reply{shown} = {_shown(wrong)}", _with(changed, place, wrong)


class _Removed:
    """Stands for a part that is removed."""


def _places(value: Any, place: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:  # noqa: ANN401
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inner:
        yield (*place, key)
        yield from _places(part, (*place, key))


def _changes(value: Any, place: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], Any]]:  # noqa: ANN401
    yield place, _Removed
    part = value
    for step in place:
        part = part[step]
    for wrong in _WRONG:
        if type(wrong) is not type(part):
            yield place, wrong


def _with(value: Any, place: tuple[Any, ...], wrong: object) -> Any:  # noqa: ANN401
    part = value
    for step in place[:-1]:
        part = part[step]
    if wrong is _Removed:
        del part[place[-1]]
    else:
        part[place[-1]] = wrong
    return value


def _shown(wrong: object) -> str:
    # Python refuses to write out an integer of thousands of digits, and one of hundreds is no use in a report.
    return "removed" if wrong is _Removed else "10**400" if wrong == 10**400 else repr(wrong)
