"""Routes by resource: one path with all of its methods, so that a wrong method is answered with the right ones."""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

__all__ = ["Endpoint", "Operation", "Resource", "resources", "with_slash"]

Endpoint = Callable[[Request], Awaitable[Response]]

_PARAMETER = re.compile(r"\{(\w+)(?::([\w|]+))?\}")


@dataclass(frozen=True)
class Operation:
    """One method of one path.

    Attributes:
        path: Its segments are literal, `{name}` (any text) or `{name:a|b}` (one of these words).
    """

    method: str
    path: str
    endpoint: Endpoint


def resources(operations: Iterable[Operation]) -> list[BaseRoute]:
    """The operations by path; of two paths that fit a request, the one that says more comes first."""
    by_path: dict[str, dict[str, Endpoint]] = {}
    for operation in operations:
        by_path.setdefault(operation.path, {})[operation.method] = operation.endpoint
    ordered = sorted(by_path, key=lambda path: [_freedom(segment) for segment in path.split("/")])
    return [Resource(path, by_path[path]) for path in ordered]


def with_slash(routes: Iterable[BaseRoute], scope: Scope) -> str | None:
    """The request's path with a slash behind it, as it was sent; `None` if no resource has that path."""
    slashed = _raw_path(scope) + b"/"
    found = any(route.matches({**scope, "raw_path": slashed})[0] is Match.FULL for route in routes)
    return slashed.decode("ascii", "replace") if found else None


class Resource(BaseRoute):
    """A path and its methods.

    The segments are compared as they were sent and then decoded, so that `%2F` is a slash inside of a parameter, and
    a slash is not.
    """

    def __init__(self, path: str, endpoints: Mapping[str, Endpoint]) -> None:
        self.path = path
        self._segments = path.split("/")
        # As in Django, what can be read can be asked for its headers.
        self._endpoints = {**endpoints, **({"HEAD": endpoints["GET"]} if "GET" in endpoints else {})}

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match the path; the method is looked at by `handle`."""
        if scope["type"] != "http":
            return Match.NONE, {}
        sent = _raw_path(scope).decode("ascii", "replace").split("/")
        if len(sent) != len(self._segments):
            return Match.NONE, {}
        found: dict[str, str] = {}
        for segment, text in zip(self._segments, map(unquote, sent), strict=True):
            parameter = _PARAMETER.fullmatch(segment)
            if parameter is None:
                if text != segment:
                    return Match.NONE, {}
            elif not text or (parameter.group(2) and text not in parameter.group(2).split("|")):
                return Match.NONE, {}
            else:
                found[parameter.group(1)] = text
        return Match.FULL, {"path_params": found}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request, or raise a 405 that names the methods."""
        endpoint = self._endpoints.get(scope["method"])
        if endpoint is None:
            raise HTTPException(405, headers={"Allow": ", ".join(sorted(self._endpoints))})
        response = await endpoint(Request(scope, receive, send))
        await response(scope, receive, send)


def _raw_path(scope: Scope) -> bytes:
    raw: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
    return raw.partition(b"?")[0]


def _freedom(segment: str) -> int:
    """0 for a literal segment, 1 for a choice, 2 for a parameter that may be anything."""
    parameter = _PARAMETER.fullmatch(segment)
    if parameter is None:
        return 0
    return 1 if parameter.group(2) else 2
