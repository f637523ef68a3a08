"""What is read from a request: a bounded JSON body, the credential, and the time that a call may take."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request

from modulex_mem0.contract import ActionError, ErrorCode, Profile
from modulex_mem0.runtime import (
    CredentialMapping,
    CredentialStoreError,
    HiddenDict,
    StoredCredentials,
    did_you_mean,
)
from modulex_mem0.server.settings import ServerSettings

__all__ = [
    "CREDENTIAL_HEADER",
    "FIELD_PREFIX",
    "TIMEOUT_HEADER",
    "CallCredential",
    "RefusedRequest",
    "field_header",
    "name_credential",
    "read_headers",
    "read_object",
    "read_timeout",
    "resolve_call_credential",
]

CREDENTIAL_HEADER = "Modulex-Credential"
FIELD_PREFIX = "modulex-field-"
TIMEOUT_HEADER = "Modulex-Timeout"


class RefusedRequest(Exception):  # noqa: N818 - the request is refused; nothing is wrong with the server
    """A request that cannot be used, with the status of its reply."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.error = ActionError(ErrorCode.INVALID_INPUT, message)


class CallCredential:
    """The credential of a call.

    Attributes:
        value: What the runtime takes; None for the environment.
        name: The name of a stored one, for the record of the call.
    """

    __slots__ = ("name", "value")

    def __init__(self, value: CredentialMapping | None, name: str | None) -> None:
        self.value = value
        self.name = name


def read_headers(request: Request) -> dict[str, str]:
    """The headers by lower-case name. One that is given twice has both values, and so names no credential."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in request.scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


async def read_object(request: Request, settings: ServerSettings) -> dict[str, Any]:
    """The JSON object in the body; an empty body is an empty object.

    Raises:
        RefusedRequest: It is too large, too slow, or not a JSON object.
    """
    too_large = RefusedRequest(413, f"the body is larger than {settings.max_body_bytes} bytes")
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:20]) > settings.max_body_bytes:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(settings.read_timeout):
            more = True
            while more:
                message = await request.receive()
                if message["type"] == "http.disconnect":
                    raise RefusedRequest(400, "the connection ended before the body")
                body += message.get("body", b"")
                if len(body) > settings.max_body_bytes:
                    raise too_large
                more = message.get("more_body", False)
    except TimeoutError:
        raise RefusedRequest(408, f"the body did not arrive within {settings.read_timeout:g} s") from None
    if not body.strip():
        return {}
    try:
        value = _DECODER.decode(body.decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        raise RefusedRequest(
            422, f"the body is not JSON: {error.msg[:1].lower()}{error.msg[1:]} at character {error.pos}"
        ) from None
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else "a text or number is not valid"
        raise RefusedRequest(422, f"the body is not readable as JSON: {reason}") from None
    if not isinstance(value, dict):
        raise RefusedRequest(422, "the body must be a JSON object")
    return value


def read_timeout(headers: Mapping[str, str]) -> float | None:
    """Seconds from the header `Modulex-Timeout`, given the headers by lower-case name.

    Raises:
        RefusedRequest: It is not a number between 0 and 3600.
    """
    text = headers.get(TIMEOUT_HEADER.lower())
    if text is None:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not 0 < seconds <= 3600:
        raise RefusedRequest(422, f"the header {TIMEOUT_HEADER} must be a number of seconds, more than 0, at most 3600")
    return seconds


def resolve_call_credential(
    headers: Mapping[str, str], profile: Profile, store: StoredCredentials, settings: ServerSettings
) -> CallCredential:
    """The credential that a request names or brings, else the stored default, the server's own, the environment's.

    Raises:
        ActionError: The headers are blank, contradict each other or name an unknown field; or the store is unreadable.
    """

    def named(name: str) -> CallCredential:
        return name_credential(name, profile, store, settings)

    fields = HiddenDict({name[len(FIELD_PREFIX) :]: headers[name] for name in headers if name.startswith(FIELD_PREFIX)})
    name = headers.get(CREDENTIAL_HEADER.lower())
    if name is not None and fields:
        raise ActionError(
            ErrorCode.INVALID_INPUT, f"send the header {CREDENTIAL_HEADER} or headers of fields, not both"
        )
    if name is not None:
        if not name.strip():
            # A flow's variable that turned out empty must not select the default.
            raise ActionError(
                ErrorCode.INVALID_INPUT, f"the header {CREDENTIAL_HEADER} is empty; name a credential or leave it out"
            )
        return named(name.strip())
    if fields:
        return CallCredential(_given(fields, profile), None)
    try:
        default = store.default_for(profile.name)
    except CredentialStoreError as error:
        # The environment's may be another account's, so it does not stand in for a default that cannot be read.
        raise ActionError(ErrorCode.MISSING_CREDENTIAL, f"credential: {error}") from None
    if default is not None:
        return named(default)
    temporary = settings.temporary
    if temporary is not None and temporary.integration == profile.name:
        return CallCredential(temporary.hidden(), temporary.name)
    return CallCredential(None, None)


def name_credential(name: str, profile: Profile, store: StoredCredentials, settings: ServerSettings) -> CallCredential:
    """The stored credential of that name, or the server's own."""
    temporary = settings.temporary
    if temporary is not None and (temporary.name, temporary.integration) == (name, profile.name):
        try:
            stored = any(credential.name == name for credential in store.list())
        except CredentialStoreError:
            stored = False
        if not stored:
            return CallCredential(temporary.hidden(), name)
    return CallCredential(store.credential(name, profile.name), name)


def field_header(field: str) -> str:
    """The header that carries a credential field, such as `Modulex-Field-Api-Key`."""
    return FIELD_PREFIX.title() + field.replace("_", "-").title()


def _given(headers: HiddenDict, profile: Profile) -> CredentialMapping:
    names = {field.name.replace("_", "-"): field.name for scheme in profile.auth_schemes for field in scheme.fields}
    values = HiddenDict()
    for header, value in headers.items():
        if header not in names:
            known = [field_header(field) for field in names.values()]
            raise ActionError(
                ErrorCode.INVALID_INPUT,
                f"{profile.display_name} has no field for the header {field_header(header[:60])}"
                f"{did_you_mean(field_header(header), known)}",
            )
        values[names[header]] = value
    return values


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not a JSON value")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)
