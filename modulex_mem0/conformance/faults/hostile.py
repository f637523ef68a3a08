"""Replies that a service, a proxy or another server at the same address may send, and no integration may trip over."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from modulex_mem0.conformance.faults.reply import Reply, json_reply

__all__ = ["broken_replies", "failing_replies", "odd_replies"]

_PAGE = b"<!doctype html><html><head><title>502</title></head><body><h1>Bad gateway</h1>" + b"<p>x</p>" * 2500
_STATUSES = (400, 401, 402, 403, 404, 405, 408, 409, 410, 413, 418, 422, 423, 425, 429, 500, 501, 502, 503, 504, 599)


def failing_replies() -> Mapping[str, Reply]:
    """Replies whose status says that the request failed: none of them may be told as a success."""
    later = format_datetime(datetime.now(UTC) + timedelta(hours=2), usegmt=True)
    told = {str(status): json_reply({"detail": f"refused with {status}"}, status) for status in _STATUSES}
    return told | {
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


def broken_replies() -> Mapping[str, Reply]:
    """Replies that are no answer at all: none of them may be told as a success."""
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


def odd_replies() -> Mapping[str, Reply]:
    """Replies that are JSON, and not what was asked for. Whether they are a success is for the action to say."""
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
        "lists where objects are due": json_reply({"results": [[]], "data": [], "items": [1]}),
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
