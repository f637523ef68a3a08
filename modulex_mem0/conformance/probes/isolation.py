"""Probes of isolation: a call keeps its credential, its host, its path and its user to itself."""

import base64
import json
import logging
import re
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from urllib.parse import quote, unquote

from modulex_mem0.conformance.fault_server import Reply, Request, json_reply
from modulex_mem0.conformance.findings import Finding, error
from modulex_mem0.conformance.invariants import broken_invariants
from modulex_mem0.conformance.probes.probe import probe
from modulex_mem0.conformance.testbed import AnyAction, Testbed, described_action
from modulex_mem0.json_schema import json_types

__all__ = ["credential_hidden", "credential_required", "ids_single", "other_hosts", "other_users", "paths_safe"]

_REFUSALS = frozenset({"missing_credential", "invalid_input", "unauthorized"})


@probe("A call with a missing, blank or unusable credential is refused before anything is sent.")
async def credential_required(testbed: Testbed, action: AnyAction) -> AsyncIterator[Finding]:
    """Take the credential's values away, or spoil them."""
    for name in testbed.credential:
        rest = {key: value for key, value in testbed.credential.items() if key != name}
        for occasion, given in (
            ("is missing", rest),
            ("is blank", {**rest, name: "  "}),
            ("holds a line break", {**rest, name: f"{testbed.credential[name][:9]}\r\nX-Injected: 1"}),
        ):
            record = await testbed.call(action, credential=given)
            for finding in broken_invariants(action, record, f"a credential whose {name} {occasion}"):
                yield finding
            if record.requests or record.code not in _REFUSALS:
                yield error(
                    f"actions.{action.name}",
                    f"With a credential whose {name} {occasion} the call goes on.",
                    "Mark the field as required, and leave the credential to the runtime.",
                )


@probe("The credential is never shown: not in an output, an error, a log line, printed text or a URL.")
async def credential_hidden(testbed: Testbed, action: AnyAction) -> AsyncIterator[Finding]:
    """Let the service echo everything that it was sent, and look for the secrets in everything the call shows."""
    place = f"actions.{action.name}"
    trailing = {name: f"{value}\n" for name, value in testbed.credential.items()}
    for occasion, answer in _echoes(testbed, action):
        for credential in (testbed.credential, trailing):
            record = await testbed.call(action, answer=answer, credential=credential, log_level=logging.DEBUG)
            for secret in testbed.secret_values:
                if any(form in record.text for form in _forms(secret)):
                    yield error(
                        place,
                        f"With {occasion} the call shows the credential.",
                        "Leave the credential to context.http, and neither print nor log it.",
                    )
                if any(form in request.target for request in record.requests for form in _forms(secret)):
                    yield error(
                        place, "The credential is sent in the URL, which is written to logs.", "Send it in a header."
                    )


def _echoes(testbed: Testbed, action: AnyAction) -> Iterator[tuple[str, Callable[[Request], Reply]]]:
    good = testbed.good_reply(action)

    def everything(request: Request) -> str:
        return json.dumps([request.target, dict(request.headers), request.body.decode("utf-8", "replace")])

    def in_error(request: Request) -> Reply:
        return json_reply(
            {"detail": everything(request)}, 401, {"x-echo": quote(everything(request), safe=" :")[:2000]}
        )

    def in_text(request: Request) -> Reply:
        return json_reply(_with_texts(json.loads(good(request).body), everything(request)))

    def in_page(request: Request) -> Reply:
        page = f"<html>{everything(request)}</html>".encode()
        return Reply(status=502, body=page, headers={"content-type": "text/html"})

    yield "a good reply", good
    yield "an error that echoes the request", in_error
    yield "a reply whose texts echo the request", in_text
    yield "a page that echoes the request", in_page
    yield "a broken connection", lambda _: Reply(ending="reset")


def _with_texts(value: object, text: str) -> object:
    """A JSON value with every text in it replaced."""
    if isinstance(value, dict):
        return {name: _with_texts(part, text) for name, part in value.items()}
    if isinstance(value, list):
        return [_with_texts(part, text) for part in value]
    return text if isinstance(value, str) else value


def _forms(secret: str) -> tuple[str, ...]:
    """A secret as it is, and as it may be written."""
    return (secret, secret[::-1], base64.b64encode(secret.encode()).decode(), secret.encode().hex())


_HOSTILE_TEXTS = (
    "..",
    ".",
    "../../admin",
    "a/b",
    "a/../b",
    "%2e%2e",
    "%2e%2e%2fadmin",
    "..\\..",
    "//127.0.0.2:9/",
    "http://127.0.0.2:9/",
    "@127.0.0.2:9/",
    "a?all=true",
    "a#b",
    "a b",
    "a\r\nx-injected: 1",
    "a\x00b",
    "\u202e\u0301\U0001f600",
    "\ud800",
    "x" * 9000,
)


@probe("No text in an input sends a request elsewhere, climbs out of its place in the path, or adds a header.")
async def paths_safe(testbed: Testbed, action: AnyAction) -> AsyncIterator[Finding]:
    """Put hostile texts into each parameter that takes text, and compare the paths of the requests."""
    schema = described_action(action).input_schema
    good = testbed.input_of(action)
    for name, value in schema.get("properties", {}).items():
        if "string" not in json_types(value, schema) or not isinstance(good.get(name, ""), str):
            continue
        usual = good.get(name) or "benign"
        benign = await testbed.call(action, {**good, name: usual})
        expected = {_path_pattern(request.path, usual) for request in benign.requests}
        for text in _HOSTILE_TEXTS:
            record = await testbed.call(action, {**good, name: text})
            for finding in broken_invariants(action, record, f"`{name}` = {text[:30]!r}"):
                yield finding
            for request in record.requests:
                strayed = expected and not any(re.fullmatch(pattern, request.path) for pattern in expected)
                if strayed or _climbs(request.path) or "x-injected" in request.headers:
                    yield error(
                        f"actions.{action.name}.input.{name}",
                        f"With {text[:30]!r} a request goes to {request.target[:80]!r}.",
                        "Refuse what is not an id, and percent-encode what becomes a part of a path.",
                    )


def _path_pattern(path: str, value: str) -> str:
    """A pattern of the paths that differ from one in nothing but the value in it."""
    pattern = re.escape(path)
    for form in {value, quote(value, safe=""), quote(value)}:
        pattern = pattern.replace(re.escape(form), "[^/]+")
    return pattern


def _climbs(path: str) -> bool:
    """Whether a path holds a step upwards once a server has decoded it."""
    return bool({".", ".."} & set(unquote(path).replace("\\", "/").split("/")))


_WILDCARDS = ("*", " * ", "")


@probe("An id parameter refuses wildcards and blanks, which some services take for everything.")
async def ids_single(testbed: Testbed, action: AnyAction) -> AsyncIterator[Finding]:
    """Put wildcards into each parameter that is an id by its name. A blank may also be the same as leaving it out."""
    good = testbed.input_of(action)
    schema = described_action(action).input_schema
    for name in schema.get("properties", {}):
        if name != "id" and not name.endswith("_id"):
            continue
        for wildcard in _WILDCARDS:
            record = await testbed.call(action, {**good, name: wildcard})
            if not wildcard and record.requests and name not in schema.get("required", ()):
                without = await testbed.call(action, {key: value for key, value in good.items() if key != name})
                if _sent(record.requests) == _sent(without.requests):
                    continue
            if record.requests and record.code != "invalid_input":
                yield error(
                    f"actions.{action.name}.input.{name}",
                    f"The id {wildcard!r} is sent to the service, which may take it for everyone's.",
                    "Refuse wildcards and blanks; if the service has none, exempt this probe.",
                )


def _sent(requests: Iterable[Request]) -> list[tuple[str, str, bytes]]:
    return [(request.method, request.target, request.body) for request in requests]


_STRANGER = "someone-else"
_PRIVATE = "private-to-someone-else"


@probe("Another user's data in a reply is not returned, where the integration has an owner parameter.")
async def other_users(testbed: Testbed, action: AnyAction) -> AsyncIterator[Finding]:
    """Answer with another user's data to a call for one user."""
    owner, good = testbed.service.owner, testbed.good_reply(action)
    user = testbed.input_of(action).get(owner) if owner else None
    if not isinstance(user, str) or action.name not in testbed.service.replies:
        return

    def strangers(request: Request) -> Reply:
        return json_reply(_of_stranger(json.loads(good(request).body), owner or "", user))

    record = await testbed.call(action, answer=strangers)
    if record.result is not None and _PRIVATE in json.dumps(record.result.output):
        yield error(
            f"actions.{action.name}",
            f"Asked for {owner} {user!r} it returns what the service says is {_STRANGER}'s.",
            "Compare the owner of everything that the service sends with the one that was asked for.",
        )


def _of_stranger(value: object, owner: str, user: str) -> object:
    """A reply whose records belong to another user: wherever it names the owner, all texts beside it are private."""
    if isinstance(value, list):
        return [_of_stranger(part, owner, user) for part in value]
    if not isinstance(value, dict):
        return value
    changed = {name: _of_stranger(part, owner, user) for name, part in value.items()}
    if value.get(owner) != user:
        return changed
    private = {name: f"{_PRIVATE}: {part}" for name, part in changed.items() if isinstance(part, str) and name != "id"}
    return {**changed, **private, owner: _STRANGER}


_ELSEWHERE = "http://127.0.0.2:9/elsewhere"
_LINKS = ("next", "previous", "url", "href", "location", "link", "self", "download_url", "next_page")


@probe("No connection is made to another host, whatever links and redirects the service sends.")
async def other_hosts(testbed: Testbed, action: AnyAction) -> AsyncIterator[Finding]:
    """Answer with links and redirects. Connections to other hosts are refused and noticed during all probes."""
    good = testbed.good_reply(action)

    def linked(request: Request) -> Reply:
        value = json.loads(good(request).body)
        links = dict.fromkeys(_LINKS, _ELSEWHERE) | {"links": {"next": _ELSEWHERE}}
        return json_reply({**value, **links} if isinstance(value, dict) else links)

    await testbed.call(action, answer=linked)
    for status in (301, 302, 303, 307, 308):
        record = await testbed.call(action, answer=Reply(status=status, headers={"location": _ELSEWHERE}))
        if record.requests and record.succeeded:
            yield error(
                f"actions.{action.name}",
                f"A redirect ({status}) is reported as a success.",
                "Read the reply with reply.object() or reply.objects(), or call reply.require_success().",
            )
