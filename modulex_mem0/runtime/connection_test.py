"""Tests a credential with the harmless request that its scheme declares."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import SecretStr

from modulex_mem0.contract import ActionError, ConnectionTest, ErrorCode, HttpClient, RenderedUrl, Reply, Template
from modulex_mem0.runtime.credentials import ResolvedCredential, render_complete
from modulex_mem0.runtime.http.log_masking import masking
from modulex_mem0.runtime.http.service import Service

__all__ = ["run_connection_test"]


async def run_connection_test(
    test: ConnectionTest, credential: ResolvedCredential, client: Callable[[Service], HttpClient]
) -> None:
    """Send the test's request and check its reply.

    Args:
        test: The one that the credential's scheme declares.
        credential: Filled into it.
        client: Makes the client for the test's own address.

    Raises:
        ActionError: Why the credential does not work.
    """
    values = credential.plain()
    url = Template(test.url).render_url(values)
    service = _service(test, credential, url)
    params = render_complete(test.params, values)
    body = None if test.body is None else Template.render_json(test.body, values)
    path = url.path or "/"
    params = url.params | params
    with masking(service.redactor):
        reply = await client(service).send(test.method, path, params=params or None, json=body, safe_to_retry=True)
    _check(test, reply, path)


def _service(test: ConnectionTest, credential: ResolvedCredential, url: RenderedUrl) -> Service:
    values = credential.plain()
    headers = credential.headers(values) | render_complete(test.headers, values)
    redactor = credential.redactor
    if test.basic is not None:
        pair = f"{_render(test.basic.username, values)}:{_render(test.basic.password, values)}"
        encoded = b64encode(pair.encode()).decode()
        headers = {name: value for name, value in headers.items() if name.lower() != "authorization"}
        headers["Authorization"] = f"Basic {encoded}"
        redactor = redactor.also(SecretStr(encoded))
    return Service(url.base, headers, redactor)


def _render(template: str, values: Mapping[str, str]) -> str:
    wanted = Template(template)
    missing = next((name for name in wanted.names if name not in values), None)
    if missing is not None:
        raise ActionError(ErrorCode.MISSING_CREDENTIAL, f"credential.{missing}: the connection test needs it")
    return wanted.render(values)


def _check(test: ConnectionTest, reply: Reply, path: str) -> None:
    if reply.status not in test.success_status:
        reply.require_success()
        expected = " or ".join(str(status) for status in test.success_status)
        raise ActionError(ErrorCode.BAD_RESPONSE, f"expected HTTP {expected} from {path}", http_status=reply.status)
    if not test.success_fields and not test.present_fields:
        return
    body = reply.json()
    for name in test.present_fields:
        if _found(body, name.split(".")) is None:
            raise _lacking(name, reply, path)
    for name, value in test.success_fields.items():
        if not isinstance(body, dict) or body.get(name) != value:
            raise _lacking(f"{name} = {value!r}", reply, path)


def _found(body: Any, path: list[str]) -> Any:  # noqa: ANN401 - any JSON value
    for name in path:
        body = body.get(name) if isinstance(body, dict) else None
    return body


def _lacking(what: str, reply: Reply, path: str) -> ActionError:
    return ActionError(
        ErrorCode.BAD_RESPONSE, f"the reply to {path} lacks {what}; check the base URL", http_status=reply.status
    )
