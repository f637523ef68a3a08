"""The routes that reach a service: calls of actions, and tests of credentials."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import suppress
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from modulex_mem0.contract import ActionError, ErrorCode, Profile
from modulex_mem0.runtime import HiddenDict, Progress, ProgressListener, Result
from modulex_mem0.server.console import Console
from modulex_mem0.server.replies import output_reply
from modulex_mem0.server.requests import (
    CallCredential,
    RefusedRequest,
    name_credential,
    read_headers,
    read_object,
    read_timeout,
    resolve_call_credential,
)

__all__ = ["call_action", "test_credential"]

_EVENTS = "text/event-stream"
# A client that went away has been answered, whatever the status; this is nginx's.
_CLIENT_GONE = 499
_UNWATCHED = 0.05  # seconds


async def call_action(request: Request) -> Response:
    """`POST /v1/integrations/{integration}/actions/{action}`: the input in, the output out.

    With `Accept: text/event-stream`, the reply is a stream of the events `progress` and, at the end, `result`. When the
    client closes the connection, the call is cancelled.
    """
    console: Console = request.state.console
    name, action = request.path_params["integration"], request.path_params["action"]
    profile = (await console.integration(name)).profile
    headers = read_headers(request)
    try:
        timeout = read_timeout(headers)
        parameters = await read_object(request, console.settings)
        credential = resolve_call_credential(headers, profile, console.credentials, console.settings)
    except RefusedRequest as refusal:
        reply = output_reply(console.runtime.failed(name, action, refusal.error))
        reply.status_code = refusal.status
        return reply
    except ActionError as error:
        return output_reply(console.runtime.failed(name, action, error))
    source = "page" if "cookie" in headers and "authorization" not in headers else "rest"

    def start(listener: ProgressListener | None) -> Coroutine[Any, Any, Result]:
        return console.call(name, action, parameters, credential, source=source, timeout=timeout, on_progress=listener)

    if _EVENTS in headers.get("accept", ""):
        return StreamingResponse(_events(start), media_type=_EVENTS)
    result = await _until_disconnected(request, start(None))
    return output_reply(result) if result is not None else Response(status_code=_CLIENT_GONE)


async def test_credential(request: Request) -> Response:
    """`POST /v1/integrations/{integration}/test`: whether the service accepts a credential.

    The body has `values`, or the name of a stored `credential`; or the credential is chosen as for a call.
    """
    console: Console = request.state.console
    profile = (await console.integration(request.path_params["integration"])).profile
    credential = _chosen(await read_object(request, console.settings), profile, console)
    if credential is None:
        credential = resolve_call_credential(request.headers, profile, console.credentials, console.settings)
    result = await _until_disconnected(
        request,
        console.runtime.test_credential(
            profile.name, credential=credential.value, timeout=read_timeout(request.headers)
        ),
    )
    if result is None:
        return Response(status_code=_CLIENT_GONE)
    if credential.name is not None:
        # It may be temporary, or not be stored: then there is nothing to record.
        with suppress(Exception):
            await asyncio.to_thread(console.credentials.record_test, credential.name, passed=result.success)
    return output_reply(result)


def _chosen(body: dict[str, Any], profile: Profile, console: Console) -> CallCredential | None:
    """The credential that the body of a test names or brings."""
    unknown = sorted(set(body) - {"credential", "values"})
    if unknown:
        raise ActionError(ErrorCode.INVALID_INPUT, "the body has an unknown field; it takes `credential` and `values`")
    name, values = body.get("credential"), body.get("values")
    if name is not None and values is not None:
        raise ActionError(ErrorCode.INVALID_INPUT, "give `credential` or `values`, not both")
    if name is not None:
        if not isinstance(name, str) or not name.strip():
            raise ActionError(ErrorCode.INVALID_INPUT, "credential: must be the name of a stored credential")
        return name_credential(name.strip(), profile, console.credentials, console.settings)
    if values is not None:
        if not isinstance(values, dict):
            raise ActionError(ErrorCode.INVALID_INPUT, "values: must be an object of fields")
        return CallCredential(HiddenDict(values), None)
    return None


async def _until_disconnected(request: Request, work: Coroutine[Any, Any, Result]) -> Result | None:
    """The result of a call; None, and the call is cancelled, when its client goes away first."""
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()
    watcher: asyncio.Task[None] | None = None
    gone = False

    async def watch() -> None:
        nonlocal gone
        while (await request.receive())["type"] != "http.disconnect":
            pass
        gone = True
        if task is not None:
            task.cancel()

    def start_watching() -> None:
        nonlocal watcher
        watcher = loop.create_task(watch())

    # Most calls end before anybody could go away, and a task for each would cost more than the rest.
    timer = loop.call_later(_UNWATCHED, start_watching)
    try:
        return await work
    except asyncio.CancelledError:
        if not gone or task is None:
            raise
        task.uncancel()
        return None
    finally:
        timer.cancel()
        if watcher is not None:
            watcher.cancel()


async def _events(start: Callable[[ProgressListener], Coroutine[Any, Any, Result]]) -> AsyncIterator[bytes]:
    """The events of a call. Starlette closes this generator when the client goes away, which cancels the call."""
    reports: asyncio.Queue[Progress] = asyncio.Queue(100)

    def listen(progress: Progress) -> None:
        if not reports.full():
            reports.put_nowait(progress)

    call = asyncio.ensure_future(start(listen))
    waiting = asyncio.ensure_future(reports.get())
    try:
        while not call.done():
            await asyncio.wait((call, waiting), return_when=asyncio.FIRST_COMPLETED)
            if waiting.done():
                progress = waiting.result()
                yield _event("progress", {"message": progress.message, "done": progress.done, "total": progress.total})
                waiting = asyncio.ensure_future(reports.get())
        reply = output_reply(call.result())
        kept = {name: reply.headers[name] for name in _RESULT_HEADERS if name in reply.headers}
        yield _event("result", {"status": reply.status_code, "headers": kept, "output": json.loads(bytes(reply.body))})
    finally:
        waiting.cancel()
        call.cancel()


_RESULT_HEADERS = ("modulex-error-code", "modulex-retryable", "modulex-advice", "retry-after")


def _event(name: str, value: dict[str, Any]) -> bytes:
    return f"event: {name}\ndata: {json.dumps(value)}\n\n".encode()
