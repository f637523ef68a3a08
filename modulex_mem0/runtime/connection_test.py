"""Tests a credential with the harmless request that its scheme declares."""

import asyncio
import logging
import traceback
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr

from modulex_mem0.contract import ActionError, ConnectionTest, ErrorCode, Profile, RenderedUrl, Reply, Template
from modulex_mem0.runtime.call import (
    Connect,
    Result,
    after_closing,
    allowed_seconds,
    error_info,
    run_with_deadline,
)
from modulex_mem0.runtime.credentials import (
    CredentialMapping,
    ResolvedCredential,
    Service,
    render_complete,
    resolve_credential,
)
from modulex_mem0.runtime.deadlines import Deadline, Deadlines
from modulex_mem0.runtime.errors import reraise_interrupt
from modulex_mem0.runtime.redaction import NO_SECRETS, mask_logs

__all__ = ["run_connection_test"]

logger = logging.getLogger(__name__)


async def run_connection_test(
    profile: Profile,
    credential: CredentialMapping | None,
    *,
    timeout: float | None,
    default_timeout: float,
    deadlines: Deadlines,
    connect: Connect,
) -> Result:
    """Send the request of the connection test and check its reply; every way to fail becomes a result.

    Returns:
        A result whose output holds `success` and `error` alone. `unsupported` where the scheme has no test.
    """
    redactor, deadline = NO_SECRETS, None
    try:
        resolved = resolve_credential(profile, credential)
        if resolved is None or resolved.scheme.connection_test is None:
            raise ActionError(ErrorCode.UNSUPPORTED, f"{profile.display_name} declares no connection test")
        redactor, test = resolved.redactor, resolved.scheme.connection_test
        deadline = deadlines.begin(allowed_seconds(timeout, default_timeout))
        run = await run_with_deadline(lambda: _send_test(test, resolved, deadline, connect), deadline)
        if run.stopped:
            raise ActionError(ErrorCode.TIMEOUT, "the connection test did not end in time; repeating it does no harm")
        if run.error is not None:
            raise run.error
    except ActionError as error:
        failure = error
    except (asyncio.CancelledError, GeneratorExit):
        # The caller's own: what the test raises comes as the error of its run.
        raise
    except BaseException as error:
        reraise_interrupt(error)
        # Not `logger.exception`, which would show the secrets in the traceback.
        logger.error(  # noqa: TRY400
            "connection test: %s", redactor.text("".join(traceback.format_exception(error)))
        )
        failure = ActionError(
            ErrorCode.INTERNAL, f"{type(error).__name__} in the connection test; the log of {__name__} has the details"
        )
    else:
        return Result(success=True, output={"success": True, "error": None})
    finally:
        if deadline is not None:
            deadline.alarm.forget(deadline)
    if deadline is not None and deadline.was_cut:
        failure = after_closing(failure)
    info = error_info(failure, redactor, safe_to_retry=True)
    return Result(success=False, output={"success": False, "error": info.line}, error=info)


async def _send_test(
    test: ConnectionTest, credential: ResolvedCredential, deadline: Deadline, connect: Connect
) -> None:
    values = credential.plain()
    url = Template(test.url).render_url(values)
    service = _service(test, credential, url)
    path, params = url.path or "/", url.params | render_complete(test.params, values)
    body = None if test.body is None else Template.render_json(test.body, values)
    http = connect(service, deadline, safe_to_retry=True)
    mask_logs(service.redactor)
    reply = await http.send(test.method, path, params=params or None, json=body)
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


def _render(text: str, values: Mapping[str, str]) -> str:
    template = Template(text)
    missing = next((name for name in template.names if name not in values), None)
    if missing is not None:
        raise ActionError(ErrorCode.MISSING_CREDENTIAL, f"credential.{missing}: the connection test needs it")
    return template.render(values)


def _check(test: ConnectionTest, reply: Reply, path: str) -> None:
    if reply.status not in test.success_status:
        if reply.status == 404:
            # The path is the integration's own, so it is the address before it that is wrong.
            raise ActionError(
                ErrorCode.BAD_RESPONSE, f"there is nothing at {path}; check the base URL", http_status=reply.status
            )
        reply.require_success()
        expected = " or ".join(str(status) for status in test.success_status)
        raise ActionError(ErrorCode.BAD_RESPONSE, f"expected HTTP {expected} from {path}", http_status=reply.status)
    if not test.success_fields and not test.present_fields:
        return
    body = reply.json()
    for name in test.present_fields:
        if _find(body, name.split(".")) is None:
            raise _missing(name, reply, path)
    for name, value in test.success_fields.items():
        if not isinstance(body, dict) or body.get(name) != value:
            raise _missing(f"{name} = {value!r}", reply, path)


def _find(body: Any, path: list[str]) -> Any:  # noqa: ANN401 - any JSON value
    for name in path:
        body = body.get(name) if isinstance(body, dict) else None
    return body


def _missing(what: str, reply: Reply, path: str) -> ActionError:
    return ActionError(
        ErrorCode.BAD_RESPONSE, f"the reply to {path} lacks {what}; check the base URL", http_status=reply.status
    )
