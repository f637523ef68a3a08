"""Certificates are checked."""

import ssl

import pytest
import trustme

from modulex_mem0.contract import ErrorCode
from modulex_mem0.runtime import Runtime
from tests.helpers.calls import call, failure
from tests.helpers.scripted_server import ScriptedServer
from tests.helpers.steps import json_reply


def _serving(authority: trustme.CA, name: str) -> ScriptedServer:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return ScriptedServer(tls=context)


@pytest.mark.parametrize("action", ["fetch", "change"])
async def test_a_certificate_of_an_unknown_authority_is_refused(
    runtime: Runtime, authority: trustme.CA, action: str
) -> None:
    with _serving(authority, "127.0.0.1") as server:
        server.script(json_reply({}))
        error = failure(await call(runtime, action, server=server))
        assert server.requests == []
    assert error.code is ErrorCode.CONNECTION_FAILED
    assert "certificate" in error.message.lower()


async def test_a_certificate_for_another_name_is_refused(runtime: Runtime, trusted: trustme.CA) -> None:
    with _serving(trusted, "other.invalid") as server:
        server.script(json_reply({}))
        error = failure(await call(runtime, "change", server=server))
        assert server.requests == []
    assert error.code is ErrorCode.CONNECTION_FAILED


async def test_a_certificate_that_the_operator_trusts_is_accepted(runtime: Runtime, trusted: trustme.CA) -> None:
    with _serving(trusted, "127.0.0.1") as server:
        server.script(json_reply({"a": 1}))
        assert (await call(runtime, "change", server=server)).output["value"] == {"a": 1}
