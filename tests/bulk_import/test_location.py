"""Sources at a URL: read by ranges where the server has them, and never over plain http from another machine."""

import re
from pathlib import Path

import pytest

from modulex_mem0.bulk_import import ImportOptions, SourceError, TemporaryKeys, open_source
from tests.bulk_import.conftest import WriteRows
from tests.helpers.scripted_server import Exchange, ScriptedServer


def _serve(server: ScriptedServer, path: Path, *, ranges: bool, etag: str | None = None) -> str:
    content = path.read_bytes()

    def step(exchange: Exchange) -> None:
        wanted = re.match(r"bytes=(\d+)-", exchange.request.headers.get("range", "")) if ranges else None
        start = int(wanted[1]) if wanted else 0
        status = "206 Partial Content" if wanted else "200 OK"
        tag = f"ETag: {etag}\r\n" if etag else ""
        body = content[start:]
        exchange.send(f"HTTP/1.1 {status}\r\n{tag}Content-Length: {len(body)}\r\n\r\n".encode() + body)

    server.script(step)
    return f"{server.url}/rows.jsonl?signature=secret"


@pytest.mark.parametrize("ranges", [True, False])
def test_chunks_of_a_url(server: ScriptedServer, write_rows: WriteRows, ranges: bool) -> None:
    path = write_rows(10)
    local = open_source(str(path), ImportOptions(), None)
    remote = open_source(_serve(server, path, ranges=ranges), ImportOptions(), None)
    assert "secret" not in remote.name
    with TemporaryKeys() as seen:
        chunks = list(remote.index(seen, chunk_rows=4))
    assert [remote.read(chunk) for chunk in chunks] == [local.read(chunk) for chunk in chunks]
    asked = [request.headers["range"] for request in server.requests if "range" in request.headers]
    assert asked == [f"bytes={chunk.start}-" for chunk in chunks[1:]]


def test_the_fingerprint_is_of_the_content(server: ScriptedServer, write_rows: WriteRows) -> None:
    path = write_rows(10)
    same = open_source(str(path), ImportOptions(), None).fingerprint()
    assert open_source(_serve(server, path, ranges=True), ImportOptions(), None).fingerprint() == same
    assert open_source(_serve(server, path, ranges=True, etag='W/"1"'), ImportOptions(), None).fingerprint() == same
    tagged = [
        open_source(_serve(server, path, ranges=True, etag=etag), ImportOptions(), None).fingerprint()
        for etag in ('"1"', '"1"', '"2"')
    ]
    assert tagged[0] == tagged[1] != tagged[2]
    assert open_source(path.as_uri(), ImportOptions(), None).fingerprint() == same


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("http://example.com/rows.jsonl", "plain http is for this machine alone"),
        ("ftp://example.com/rows.jsonl", "give a path or an https URL"),
        ("https://[::1/rows.jsonl", "is not a URL"),
        ("https://memory..example/rows.jsonl", "is not a URL"),
        ("https://memory.example:99999/rows.jsonl?signature=x", "rows.jsonl: is not a URL"),
        ("http://127.0.0.1/\x7f", "cannot be read: Invalid"),
        ("missing.jsonl", "no such file"),
        ("/dev/null", "not a regular file"),
        ("http://127.0.0.1:1/rows.jsonl", "cannot be read"),
    ],
)
def test_addresses_that_are_refused(address: str, problem: str) -> None:
    with pytest.raises(SourceError, match=problem):
        open_source(address, ImportOptions(), None)


@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", "HTTP 403"),
        (b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", "give the address that it leads to"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", "broke off"),
    ],
)
def test_a_server_that_fails(server: ScriptedServer, reply: bytes, problem: str) -> None:
    def step(exchange: Exchange) -> None:
        exchange.send(reply)
        exchange.close()

    server.script(step)
    with pytest.raises(SourceError, match=problem):
        open_source(f"{server.url}/rows.jsonl", ImportOptions(), None)
