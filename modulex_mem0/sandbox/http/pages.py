"""Pages as Django REST framework cuts them, and the absolute addresses that link them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import quote, urlencode

from starlette.requests import Request

from modulex_mem0.sandbox.http.errors import ApiError

__all__ = ["DEFAULT_PAGE", "LARGEST_PAGE", "Page", "absolute_url"]

LARGEST_PAGE = 200
DEFAULT_PAGE = 100
_HOST = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?")


@dataclass(frozen=True)
class Page:
    """The page that a request asks for.

    Attributes:
        wanted: As the client wrote it: a number from 1, or `last`.
        size: Results per page, 1 to 200.
        size_field: The parameter that sets the size; empty if none does.
    """

    wanted: str
    size: int
    size_field: str = "page_size"

    @classmethod
    def read(cls, request: Request, body: Mapping[str, Any] | None = None, size_field: str = "page_size") -> Self:
        """Read `page` and the size from the query or else the body; an invalid size is ignored."""
        source = {**(body or {}), **request.query_params}
        size = _positive(source.get(size_field)) or DEFAULT_PAGE
        wanted = source.get("page")
        return cls("1" if wanted is None or wanted == "" else str(wanted), min(size, LARGEST_PAGE), size_field)

    def number(self, count: int) -> int:
        """The page's number among `count` results. Page 1 always exists.

        Raises:
            ApiError: 404 if there is no such page.
        """
        last = max(1, -(-count // self.size))
        number = last if self.wanted == "last" else _positive(self.wanted)
        if number is None or number > last:
            raise ApiError(404, {"detail": "Invalid page."})
        return number

    def offset(self, count: int) -> int:
        """How many results come before the page.

        Raises:
            ApiError: 404 if there is no such page.
        """
        return (self.number(count) - 1) * self.size

    def envelope(self, request: Request, count: int, results: list[Any]) -> dict[str, Any]:
        """Wrap the page's results as `{count, next, previous, results}`."""
        number = self.number(count)
        return {
            "count": count,
            "next": self._url(request, number + 1) if number * self.size < count else None,
            "previous": self._url(request, number - 1) if number > 1 else None,
            "results": results,
        }

    def _url(self, request: Request, number: int) -> str:
        size = {self.size_field: self.size} if self.size_field else {}
        return absolute_url(request, {**request.query_params, "page": number, **size})


def absolute_url(request: Request, query: Mapping[str, object], path: str | None = None) -> str:
    """The request's address with another query, and another path, already quoted, if one is given.

    The host is the one in the `Host` header, or the server's own address if that is not a valid host.
    """
    named = request.headers.get("host", "")
    if not _HOST.fullmatch(named):
        host, port = request.scope.get("server") or ("127.0.0.1", 80)
        named = f"{host}:{port}"
    location = quote(request.scope["path"], safe="/:@!$&'()*+,;=~-._") if path is None else path
    suffix = f"?{urlencode(query)}" if query else ""
    return f"{request.scope['scheme']}://{named}{location}{suffix}"


def _positive(value: object) -> int | None:
    """A positive integer, which may be written as text; `None` for anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value if value > 0 else None
    if isinstance(value, str) and value.isascii() and value.strip().isdecimal() and len(value) < 20:
        return int(value) or None
    return None
