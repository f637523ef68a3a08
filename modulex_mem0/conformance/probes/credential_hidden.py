"""The credential stays out of outputs, errors, log lines, printed text and addresses."""

import base64
import json
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from urllib.parse import quote

from modulex_mem0.conformance.bench import AnyAction, Bench
from modulex_mem0.conformance.faults import Reply, Request, json_reply
from modulex_mem0.conformance.finding import Problem, error
from modulex_mem0.conformance.probe import probe

__all__ = ["credential_hidden"]


@probe("The credential is never shown: not in an output, an error, a log line, printed text or an address.")
async def credential_hidden(bench: Bench, action: AnyAction) -> AsyncIterator[Problem]:
    """Let the service echo all that it was sent, and look for the secrets in all that is seen of the call."""
    place = f"actions.{action.name}"
    trailing = {name: f"{value}\n" for name, value in bench.credential.items()}
    for occasion, answer in _echoes(bench, action):
        for credential in (bench.credential, trailing):
            observed = await bench.call(action, answer=answer, credential=credential, hear=logging.DEBUG)
            for secret in bench.secret_values:
                if any(form in observed.text for form in _forms(secret)):
                    yield error(
                        place,
                        f"With {occasion} the call shows the credential.",
                        "Leave the credential to context.http, and print and log nothing of it.",
                    )
                if any(form in request.target for request in observed.requests for form in _forms(secret)):
                    yield error(
                        place, "The credential is sent in the address, which logs keep.", "Send it in a header."
                    )


def _echoes(bench: Bench, action: AnyAction) -> Iterator[tuple[str, Callable[[Request], Reply]]]:
    good = bench.good_reply(action)

    def everything(request: Request) -> str:
        return json.dumps([request.target, dict(request.headers), request.body.decode("utf-8", "replace")])

    def in_error(request: Request) -> Reply:
        return json_reply(
            {"detail": everything(request)}, 401, {"x-echo": quote(everything(request), safe=" :")[:2000]}
        )

    def in_text(request: Request) -> Reply:
        return json_reply(_filled(json.loads(good(request).body), everything(request)))

    def in_page(request: Request) -> Reply:
        page = f"<html>{everything(request)}</html>".encode()
        return Reply(status=502, body=page, headers={"content-type": "text/html"})

    yield "a good reply", good
    yield "an error that echoes the request", in_error
    yield "a reply whose texts echo the request", in_text
    yield "a page that echoes the request", in_page
    yield "a broken connection", lambda _: Reply(ending="reset")


def _filled(value: object, text: str) -> object:
    """A JSON value with every text in it replaced."""
    if isinstance(value, dict):
        return {name: _filled(part, text) for name, part in value.items()}
    if isinstance(value, list):
        return [_filled(part, text) for part in value]
    return text if isinstance(value, str) else value


def _forms(secret: str) -> tuple[str, ...]:
    """A secret as it is, and as it may be written."""
    return (secret, secret[::-1], base64.b64encode(secret.encode()).decode(), secret.encode().hex())
