"""The page: static files from the package, under a strict Content-Security-Policy."""

import secrets
from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

__all__ = ["routes"]

# Written by web/build.mjs.
_FOLDER = Path(__file__).with_name("page_files")
_TYPES = {"js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8", "svg": "image/svg+xml"}
# Nothing comes from elsewhere. The nonce is for the styles that the page's components write.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def routes() -> list[Route]:
    """The routes of the page; none where the page was not built."""
    if not (_FOLDER / "index.html").is_file():
        return []
    return [Route("/", _index), Route("/assets/{name}", _asset)]


async def _index(_request: Request) -> Response:
    nonce = secrets.token_urlsafe(16)
    text = _read("index.html").decode().replace("{{nonce}}", nonce)
    return Response(text, media_type="text/html", headers={"Content-Security-Policy": _POLICY.format(nonce=nonce)})


async def _asset(request: Request) -> Response:
    name: str = request.path_params["name"]
    suffix = name.rpartition(".")[2]
    # Only names that the folder has: nothing of a path is interpreted.
    if name not in {entry.name for entry in _FOLDER.iterdir()} or suffix not in _TYPES:
        return Response(status_code=404)
    return Response(_read(name), media_type=_TYPES[suffix])


@cache
def _read(name: str) -> bytes:
    return (_FOLDER / name).read_bytes()
