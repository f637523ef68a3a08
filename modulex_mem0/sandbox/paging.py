"""Pages, as Django REST framework cuts them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from modulex_mem0.sandbox.addresses import address
from modulex_mem0.sandbox.errors import ApiError

LARGEST_PAGE = 200
USUAL_PAGE = 100


@dataclass(frozen=True)
class Page:
    """The asked-for page.

    Attributes:
        wanted: The page as it was asked for: a number from 1, or ``last``.
        size: Results per page, 1 to 200.
    """

    wanted: str
    size: int

    @classmethod
    def read(cls, request: Request, body: Mapping[str, Any] | None = None) -> Page:
        """Take ``page`` and ``page_size`` from the query, or else from the body; a useless size is ignored."""
        source = {**(body or {}), **request.query_params}
        size = _positive(source.get("page_size")) or USUAL_PAGE
        wanted = source.get("page")
        return cls("1" if wanted in {None, ""} else str(wanted), min(size, LARGEST_PAGE))

    def number(self, count: int) -> int:
        """The page's number among ``count`` results; the first page is there even if it is empty.

        Raises:
            ApiError: 404, if there is no such page.
        """
        last = max(1, -(-count // self.size))
        number = last if self.wanted == "last" else _positive(self.wanted)
        if number is None or number > last:
            raise ApiError(404, {"detail": "Invalid page."})
        return number

    def offset(self, count: int) -> int:
        """How many results come before the page.

        Raises:
            ApiError: 404, if there is no such page.
        """
        return (self.number(count) - 1) * self.size

    def envelope(self, request: Request, count: int, results: list[Any]) -> dict[str, Any]:
        """Wrap the page's results as ``{count, next, previous, results}``, with absolute addresses."""
        number = self.number(count)
        return {
            "count": count,
            "next": self._address(request, number + 1) if number * self.size < count else None,
            "previous": self._address(request, number - 1) if number > 1 else None,
            "results": results,
        }

    def _address(self, request: Request, number: int) -> str:
        return address(request, {**request.query_params, "page": number, "page_size": self.size})


def _positive(value: object) -> int | None:
    """A positive whole number, written or not; ``None`` if it is anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value if value > 0 else None
    if isinstance(value, str) and value.isascii() and value.strip().isdecimal() and len(value) < 20:
        return int(value) or None
    return None
