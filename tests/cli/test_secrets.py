"""No command prints a secret: not as text, not as JSON, not in the log, not when the service sends it back."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

RunAll = Callable[..., str]
SECRET = "m0-4f9d2c7b1a8e6035"

EVERY_COMMAND = [
    ["integrations"],
    ["integrations", "--json"],
    ["auth"],
    ["auth", "--json"],
    ["actions"],
    ["actions", "add_memories", "--json"],
    ["test-credential"],
    ["test-credential", "--json"],
    ["call", "add_memories", "-p", "user_id=alice", "-p", "messages=I cook."],
    ["call", "get_memories", "-p", "user_id=alice"],
    ["call", "search_memories", "-p", "user_id=alice", "-p", "query=food", "-p", "limit=many"],
    ["manifest"],
]


class _Echoing(BaseHTTPRequestHandler):
    """Sends the credential back wherever it can: the reason, a header, the body."""

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        token = str(self.headers["Authorization"])
        body = json.dumps({"status": "ok", "detail": f"no such key: {token}", "results": [{"memory": token}]}).encode()
        self.send_response(self.server.status, token)  # type: ignore[attr-defined]
        self.send_header("X-Your-Key", token)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = _answer  # noqa: N815 - the names that the base class looks for

    def log_message(self, format: str, *args: Any) -> None:
        """Write no log."""


@pytest.fixture(params=[200, 401])
def echoing(request: pytest.FixtureRequest) -> Iterator[str]:
    """A service that gives every secret away."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Echoing) as server:
        server.status = request.param  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_no_command_prints_the_secret(run_all: RunAll, account: dict[str, str]) -> None:
    lines = [["--log-level", "debug", *arguments] for arguments in EVERY_COMMAND]
    written = run_all(lines, account | {"MEM0_API_KEY": SECRET})
    assert "DEBUG modulex_mem0.runtime.http" in written
    assert "unauthorized: " in written
    assert SECRET not in written
    assert "Traceback" not in written


def test_not_even_when_the_service_sends_it_back(run_all: RunAll, echoing: str) -> None:
    lines = [
        ["--log-level", "debug", "test-credential"],
        ["--log-level", "debug", "test-credential", "--json"],
        ["--log-level", "debug", "call", "get_memories", "-p", "user_id=alice"],
    ]
    written = run_all(lines, {"MEM0_API_KEY": SECRET, "MEM0_BASE_URL": echoing})
    # The libraries log what came back only where httpx carries the requests; tests/runtime proves both.
    assert "DEBUG modulex_mem0.runtime.http" in written
    assert SECRET not in written


def test_not_even_of_a_credential_file_that_is_wrong(run_all: RunAll, tmp_path: Path) -> None:
    lines = []
    contents = (
        f'{{"api_key": "{SECRET}"',
        f'["{SECRET}"]',
        f'{{"{SECRET}": 1}}',
        f'{{"api_key": ["{SECRET}"]}}',
        SECRET,
    )
    for number, content in enumerate(contents):
        (tmp_path / f"{number}.json").write_text(content)
        lines.append(["test-credential", "--credential-file", f"{number}.json"])
        lines.append(["call", "get_memories", "-p", "user_id=alice", "--credential-file", f"{number}.json"])
    written = run_all(lines, {})
    assert " exit 0" not in written
    assert SECRET not in written
