"""Calls of the tiny integration whose results are checked against what every result promises."""

from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator

from modulex_mem0.contract import ErrorInfo
from modulex_mem0.runtime import Result, Runtime
from tests.helpers.scripted_server import ScriptedServer
from tests.helpers.tiny_integration import KEY


def credential_for(server: ScriptedServer) -> dict[str, str]:
    """A credential whose address is the server's."""
    return {"api_key": KEY, "base_url": server.url}


async def call(
    runtime: Runtime,
    action: str,
    input: Mapping[str, Any] | None = None,
    *,
    server: ScriptedServer | None = None,
    timeout: float | None = None,
    integration: str = "tiny",
) -> Result:
    """Call an action and check what holds for every result."""
    credential = credential_for(server) if server else {"api_key": KEY}
    result = await runtime.call(integration, action, input or {}, credential=credential, timeout=timeout)
    check(runtime, action, result, integration)
    return result


def check(runtime: Runtime, action: str, result: Result, integration: str = "tiny") -> None:
    """A result's output fits the action's schema, and its three parts agree."""
    schema = runtime.integrations[integration].actions[action].describe().output_schema
    Draft202012Validator(schema).validate(result.output)
    assert result.output["success"] is result.success
    assert result.output["error"] == (result.error.line if result.error else None)
    assert (result.error is None) is result.success
    if result.error:
        line = result.error.line
        assert len(result.error.message) <= 500
        assert line.isprintable()
        assert line.startswith(f"{result.error.code}: ")


def failure(result: Result) -> ErrorInfo:
    """The error of a call that is expected to fail."""
    assert result.error is not None, result.output
    return result.error
