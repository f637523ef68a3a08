"""Absolute addresses of this server, as the client knows it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote, urlencode

from starlette.requests import Request

_HOST = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?")


def address(request: Request, query: Mapping[str, object], path: str | None = None) -> str:
    """The address of the request, with another query and perhaps another path.

    The host is the one that the client named, if that is a name at all; a header can hold anything.
    """
    named = request.headers.get("host", "")
    if not _HOST.fullmatch(named):
        host, port = request.scope.get("server") or ("127.0.0.1", 80)
        named = f"{host}:{port}"
    place = quote(request.scope["path"] if path is None else path, safe="/:@!$&'()*+,;=~-._")
    question = f"?{urlencode(query)}" if query else ""
    return f"{request.scope['scheme']}://{named}{place}{question}"
