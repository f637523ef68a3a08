"""Other people's programs read the server's OpenAPI document and call it: schemathesis, and a generated client."""

import importlib
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

pytest.importorskip("schemathesis", reason="schemathesis is not installed: pip install --group clients")

import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from modulex_mem0.runtime import Runtime, RuntimeSettings, StoredCredentials
from modulex_mem0.sandbox import running_sandbox
from modulex_mem0.server import ConsoleServer, ServerSettings, TemporaryCredential

TOKEN = "test-token-0123456789"
_HEADERS = {"Authorization": f"Bearer {TOKEN}"}
_CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server whose calls go to a sandbox."""
    directory = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch, running_sandbox(delay=0) as sandbox:
        patch.setenv("MODULEX_KEYRING", "off")
        offered = {"api_key": sandbox.api_key, "base_url": sandbox.base_url}
        chosen = ServerSettings(
            token=TOKEN, directory=directory, temporary=TemporaryCredential("sandbox", "mem0", offered)
        )
        server = ConsoleServer(chosen, Runtime(RuntimeSettings(trust_env=False, retry_wait=0.001)))
        thread = threading.Thread(target=server.serve_until_exit, daemon=True)
        thread.start()
        server.ready.wait(20)
        try:
            yield server.base_url
        finally:
            server.should_exit = True
            thread.join(20)
    assert StoredCredentials(directory).list() is not None


@pytest.fixture(scope="module")
def document(console: str) -> dict[str, Any]:
    found: dict[str, Any] = httpx.get(
        f"{console}/openapi.json?integration=mem0", headers=_HEADERS, trust_env=False
    ).json()
    return found


def test_whatever_is_sent_the_replies_conform_and_nothing_is_a_server_error(
    console: str, document: dict[str, Any]
) -> None:
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=console)
    operations = [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]
    assert len(operations) == len([m for path in document["paths"].values() for m in path])
    for operation in operations:

        @given(case=operation.as_strategy() | _examples(operation))
        @settings(max_examples=15, suppress_health_check=list(HealthCheck), deadline=None)
        def check(case: Any) -> None:
            # A random credential would only ever be refused; that is tested elsewhere.
            for name in [name for name in case.headers or {} if name.lower().startswith("modulex-")]:
                del case.headers[name]
            case.call_and_validate(headers=_HEADERS, checks=_CHECKS)

        check()


def _examples(operation: Any) -> st.SearchStrategy[Any]:
    """Cases that lead past the checks of the input."""
    media = operation.definition.raw.get("requestBody", {}).get("content", {}).get("application/json", {})
    if "example" not in media:
        return st.nothing()
    return st.just(operation.Case(body=media["example"], media_type="application/json"))


def test_a_client_generated_from_the_document_makes_a_call(
    console: str, document: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("openapi_python_client", reason="openapi-python-client is not installed")
    source = tmp_path / "openapi.json"
    source.write_text(json.dumps(document))
    # It would format the client with ruff.
    (tmp_path / "settings.yaml").write_text("post_hooks: []")
    made = subprocess.run(
        [
            sys.executable, "-m", "openapi_python_client", "generate", "--path", str(source), "--meta", "none",
            "--output-path", str(tmp_path / "made_client"), "--fail-on-warning", "--config",
            str(tmp_path / "settings.yaml"),
        ],
        capture_output=True, check=False, text=True, timeout=120, cwd=tmp_path,
    )  # fmt: skip
    assert made.returncode == 0, made.stdout + made.stderr
    monkeypatch.syspath_prepend(str(tmp_path))
    client = importlib.import_module("made_client").AuthenticatedClient(
        base_url=console, token=TOKEN, httpx_args={"trust_env": False}
    )
    with client:
        models = importlib.import_module("made_client.models")
        call = importlib.import_module("made_client.api.mem_0.mem0_add_memories")
        body = models.Mem0AddMemoriesInput.from_dict(
            {"user_id": "generated", "messages": [{"role": "user", "content": "I cook."}]}
        )
        added = call.sync_detailed(client=client, body=body)
        assert (added.status_code, added.parsed.success) == (200, True)
        find = importlib.import_module("made_client.api.mem_0.mem0_search_memories")
        query = models.Mem0SearchMemoriesInput(user_id="generated", query="cook")
        found = find.sync(client=client, body=query)
        assert [record.memory for record in found.search_results] == ["I cook"]
        wrong = find.sync_detailed(client=client, body=query, modulex_credential="none")
        assert (wrong.status_code, wrong.parsed.success) == (401, False)
