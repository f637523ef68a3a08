"""The routes that show what there is: integrations, stored credentials, and runs."""

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from modulex_mem0.contract import ActionError, ErrorCode, IntegrationManifest
from modulex_mem0.runtime import Registry, StoredCredential, UnknownIntegrationError
from modulex_mem0.server.console import Console
from modulex_mem0.server.replies import json_reply
from modulex_mem0.server.requests import read_object

__all__ = [
    "delete_credential",
    "get_credential",
    "get_integration",
    "list_credentials",
    "list_integrations",
    "list_runs",
    "put_credential",
]

_MAX_RUNS = 1000


async def list_integrations(request: Request) -> Response:
    """`GET /v1/integrations`: what is installed, and what failed to load. Nothing is loaded for it."""
    return json_reply(await asyncio.to_thread(_listed, _console(request).runtime.integrations))


async def get_integration(request: Request) -> Response:
    """`GET /v1/integrations/{integration}`: its manifest; an integration that loads at its first use is loaded."""
    integration = await _console(request).integration(request.path_params["integration"])
    return json_reply(integration.manifest.model_dump(mode="json"))


async def list_credentials(request: Request) -> Response:
    """`GET /v1/credentials`: names, schemes and tests; no value of any."""
    console = _console(request)
    stored = await asyncio.to_thread(console.credentials.list)
    shown = [_shown(credential) for credential in stored]
    temporary = console.settings.temporary
    if temporary is not None and temporary.name not in {credential.name for credential in stored}:
        described = StoredCredential(
            name=temporary.name,
            integration=temporary.integration,
            scheme=None,
            fields=tuple(temporary.values),
            saved_at=None,
        )
        shown.append(_shown(described) | {"temporary": True})
    return json_reply({"credentials": shown})


async def get_credential(request: Request) -> Response:
    """`GET /v1/credentials/{name}`: the same of one."""
    stored = await asyncio.to_thread(_console(request).credentials.describe, request.path_params["name"])
    return json_reply(_shown(stored))


async def put_credential(request: Request) -> Response:
    """`PUT /v1/credentials/{name}`: store `{"integration": …, "values": {…}}` under a new name, or replace one."""
    console = _console(request)
    body = await read_object(request, console.settings)
    unknown = set(body) - {"integration", "values", "default"}
    if unknown:
        raise ActionError(
            ErrorCode.INVALID_INPUT, "the body has an unknown field; it takes `integration`, `values` and `default`"
        )
    name, values, default = body.get("integration"), body.get("values"), body.get("default")
    if not isinstance(name, str):
        raise ActionError(ErrorCode.INVALID_INPUT, "integration: must be the name of an installed integration")
    if not isinstance(values, dict):
        raise ActionError(ErrorCode.INVALID_INPUT, "values: must be an object of credential fields")
    if not isinstance(default, bool | None):
        raise ActionError(ErrorCode.INVALID_INPUT, "default: must be true or false")
    try:
        profile = (await console.integration(name)).profile
    except UnknownIntegrationError as error:
        raise ActionError(ErrorCode.INVALID_INPUT, f"integration: {error}") from None
    stored = await asyncio.to_thread(
        console.credentials.save, profile, request.path_params["name"], values, default=default
    )
    return json_reply(_shown(stored))


async def delete_credential(request: Request) -> Response:
    """`DELETE /v1/credentials/{name}`: remove one."""
    await asyncio.to_thread(_console(request).credentials.remove, request.path_params["name"])
    return json_reply({"success": True, "error": None})


async def list_runs(request: Request) -> Response:
    """`GET /v1/runs?limit=&before=&integration=`: recent calls, the last one first."""
    query = request.query_params
    limit = _integer(query.get("limit"), "limit", default=100, most=_MAX_RUNS)
    before = _integer(query.get("before"), "before", default=None, most=2**62)
    runs = await asyncio.to_thread(
        _console(request).runs.recent, limit or 100, integration=query.get("integration"), before=before
    )
    return json_reply({"runs": runs})


def _console(request: Request) -> Console:
    console: Console = request.state.console
    return console


def _listed(registry: Registry) -> dict[str, Any]:
    shown = []
    for name in registry:
        entry: dict[str, Any] = {"name": name, "distribution": registry.distribution_of(name), "loaded": False}
        if not registry.is_deferred(name):
            try:
                entry |= _summary(registry[name].manifest)
            except (Exception, SystemExit) as error:
                entry["failure"] = f"its manifest cannot be used: {type(error).__name__}"
        shown.append(entry)
    failures = [
        {"name": failure.name, "distribution": failure.distribution, "reason": failure.reason}
        for failure in registry.failures
    ]
    return {"integrations": shown, "failures": failures}


def _summary(manifest: IntegrationManifest) -> dict[str, Any]:
    """What a card shows."""
    return {
        "loaded": True,
        "display_name": manifest.display_name,
        "description": manifest.description,
        "version": manifest.version,
        "logo": manifest.logo,
        "categories": list(manifest.categories),
        "auth_schemes": [scheme.type for scheme in manifest.auth_schemes],
        "actions": len(manifest.actions),
    }


def _shown(credential: StoredCredential) -> dict[str, Any]:
    return credential.as_json() | {"temporary": False}


def _integer(text: str | None, name: str, *, default: int | None, most: int) -> int | None:
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) < 20 and 1 <= int(text) <= most):
        raise ActionError(ErrorCode.INVALID_INPUT, f"{name}: must be a whole number from 1 to {most}")
    return int(text)
