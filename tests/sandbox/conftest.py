"""One server for all tests of the sandbox. Each test talks to it over HTTP, in a project of its own."""

import ssl
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from modulex_mem0.sandbox import RunningSandbox, running_sandbox

# Shared, because httpx would read the machine's certificates for each client, and nothing is encrypted here.
_NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@pytest.fixture(scope="session")
def server() -> Iterator[RunningSandbox]:
    with running_sandbox(delay=0, keys=("m0-first", "m0-second")) as running:
        yield running


@pytest.fixture
def box(server: RunningSandbox) -> Iterator[RunningSandbox]:
    yield server.with_fresh_project()
    server.set_faults()


@pytest.fixture
def client(box: RunningSandbox) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=box.base_url, headers=box.headers, verify=_NO_CERTIFICATES) as opened:
        yield opened


@pytest.fixture
def remember(client: httpx.Client) -> Callable[..., str]:
    """Stores one text verbatim and returns the memory's id; the user is alice if no entity id is given."""

    def store(text: str, **extra: Any) -> str:
        ids = {"user_id", "agent_id", "app_id", "run_id"} & set(extra)
        body = {"messages": [{"role": "user", "content": text}], "infer": False, **extra}
        reply = client.post("/v3/memories/add/", json=body if ids else {**body, "user_id": "alice"})
        assert reply.status_code == 200, reply.text
        identifier: str = reply.json()["results"][0]["id"]
        return identifier

    return store


@pytest.fixture
def listed(client: httpx.Client) -> Callable[..., list[str]]:
    """Returns the texts that a filter matches, sorted."""

    def find(filters: dict[str, Any] | None = None, **extra: Any) -> list[str]:
        body = {"filters": {"user_id": "alice"} if filters is None else filters, "page_size": 200, **extra}
        reply = client.post("/v3/memories/", json=body)
        assert reply.status_code == 200, reply.text
        return sorted(record["memory"] for record in reply.json()["results"])

    return find
