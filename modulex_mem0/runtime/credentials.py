"""Resolves the credential of a call, from a mapping or from the environment, into a service that can be called."""

import ipaddress
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr

from modulex_mem0.contract import ActionError, AuthScheme, CredentialField, ErrorCode, Profile, Template
from modulex_mem0.runtime.errors import did_you_mean, reraise_interrupt
from modulex_mem0.runtime.redaction import Redactor

__all__ = [
    "CredentialMapping",
    "HiddenDict",
    "ResolvedCredential",
    "Service",
    "hide_credential",
    "is_loopback",
    "render_complete",
    "resolve_credential",
]

CredentialMapping = Mapping[str, str | SecretStr | None]
"""A credential: a value for each field of a scheme, by its name."""

_PROCESS_KEY = os.urandom(32)


class HiddenDict(dict[str, Any]):
    """A mapping with secrets in it that stays hidden in a repr and in a traceback's local variables."""

    def __repr__(self) -> str:
        return "<hidden>"


def hide_credential(given: Any) -> Any:  # noqa: ANN401 - whatever a caller passed, and what stands in for it
    """A copy of a given credential that may be a local variable of a frame that raises out of the runtime."""
    if given is None or isinstance(given, ResolvedCredential):
        return given
    if not isinstance(given, Mapping):
        # Refused later, and not kept until then.
        return _NOT_A_MAPPING
    try:
        return HiddenDict(given)
    except BaseException as error:
        # A vault that is down, say. Its words may hold what it keeps, so only the kind is passed on.
        reraise_interrupt(error)
        return _UnreadableCredential(type(error).__name__)


_NOT_A_MAPPING: Any = ()


@dataclass(frozen=True, slots=True)
class _UnreadableCredential:
    """Stands for a mapping whose reading failed, until the call reports it."""

    reason: str


class Service:
    """A service and a caller's credential for it: all that an HTTP client knows of either.

    Attributes:
        base_url: Goes before the path of every request.
        headers: Sent with every request; secrets included.
        redactor: Masks the credential's secrets in replies.
        origin: The base URL's scheme, host and port, as they stand there.
        scheme: `https` or `http`.
        host: Without the brackets of an IPv6 address.
        port: As the base URL has it; None where it has none.
        key: Tells services and credentials apart. A hash that nobody can compute outside of this process.
    """

    __slots__ = ("base_url", "headers", "host", "key", "origin", "port", "redactor", "scheme")

    def __init__(self, base_url: str, headers: Mapping[str, str], redactor: Redactor) -> None:
        self.base_url = base_url
        self.headers = headers
        self.redactor = redactor
        url = urlsplit(base_url)
        self.scheme, self.host, self.port = url.scheme, url.hostname or "", url.port
        self.origin = f"{url.scheme}://{url.netloc}"
        # Whatever tells two callers apart is in one of these. Lengths keep neighbours from running together.
        parts = [base_url, *(text for header in headers.items() for text in header), *redactor.secrets()]
        joined = "".join([f"{len(part)}:{part}" for part in parts])
        self.key = blake2b(joined.encode(), digest_size=16, key=_PROCESS_KEY).digest()

    def __repr__(self) -> str:
        return "<Service>"

    @property
    def loopback(self) -> bool:
        """Whether the host is this machine."""
        return is_loopback(self.host)

    @property
    def address(self) -> str:
        """Host and port, as an error may show them."""
        return self.base_url.partition("://")[2].partition("/")[0]


class ResolvedCredential:
    """A credential that was checked and is ready to be sent.

    Attributes:
        scheme: The authentication scheme that it satisfies.
        values: By field name; sensitive fields are `SecretStr`.
        redactor: Masks its secrets.
    """

    __slots__ = ("_service", "redactor", "scheme", "values")

    def __init__(self, scheme: AuthScheme, values: Mapping[str, str | SecretStr], redactor: Redactor) -> None:
        self.scheme = scheme
        self.values = values
        self.redactor = redactor
        self._service: Service | None = None

    def __repr__(self) -> str:
        return "<ResolvedCredential>"

    def service(self) -> Service | None:
        """The scheme's service; None where the handlers make their own requests.

        Raises:
            ActionError: `invalid_input` for a value that the base URL cannot hold.
        """
        if self._service is None and self.scheme.base_url is not None:
            values = self.plain()
            url = _template(self.scheme.base_url).render_url(values)
            self._service = Service(url.base + url.path, self.headers(values), self.redactor)
        return self._service

    def headers(self, values: Mapping[str, str]) -> dict[str, str]:
        """The scheme's headers, without those of optional fields that were left out."""
        return render_complete(self.scheme.headers, values)

    def plain(self) -> Mapping[str, str]:
        """The values as they are sent, secrets included. Use it to send, and do not keep it."""
        return HiddenDict(
            {
                name: value.get_secret_value() if isinstance(value, SecretStr) else value
                for name, value in self.values.items()
            }
        )


def render_complete(templates: Mapping[str, str], values: Mapping[str, str]) -> dict[str, str]:
    """Render those templates whose fields all have a value."""
    rendered = {}
    for name, text in templates.items():
        template = _template(text)
        if template.is_complete(values):
            rendered[name] = template.render(values)
    return rendered


# Declared templates are few and not secret.
_template = lru_cache(maxsize=1024)(Template)


def resolve_credential(profile: Profile, given: CredentialMapping | None) -> ResolvedCredential | None:
    """Resolve the credential of a call.

    The environment is read only when no mapping is given, and never fills the gaps of one, so that one user's key is
    never sent to another's address. Fields may go by their name or by their environment variable. Values are trimmed.

    Args:
        profile: The integration's. Its schemes are tried in order; the first complete one is taken.
        given: By field name, or None for the environment.

    Returns:
        The credential, or None when the integration needs none.

    Raises:
        ActionError: `missing_credential` or `invalid_input`, naming the field and never its value.
    """
    if not profile.auth_schemes:
        return None
    source = None if given is None else _from_mapping(profile, given)
    missing: ActionError | None = None
    for scheme in profile.auth_schemes:
        try:
            return _satisfy(scheme, _from_environment(scheme) if source is None else source)
        except ActionError as error:
            if error.code is not ErrorCode.MISSING_CREDENTIAL:
                raise
            missing = missing or error
    raise missing or ActionError(ErrorCode.MISSING_CREDENTIAL, f"{profile.display_name} needs a credential")


def _from_environment(scheme: AuthScheme) -> dict[str, str]:
    # Each scheme reads its own variables: the fields of two schemes may share a name.
    return {f.name: value for f in scheme.fields if (value := os.environ.get(f.environment_variable)) is not None}


def _from_mapping(profile: Profile, given: CredentialMapping) -> dict[str, str]:
    if isinstance(given, _UnreadableCredential):
        raise ActionError(ErrorCode.INVALID_INPUT, f"credential: reading it failed with {given.reason}")
    if not isinstance(given, Mapping):
        raise ActionError(ErrorCode.INVALID_INPUT, "credential: must be a mapping of field names to text")
    names = profile.credential_names
    source: dict[str, str] = {}
    for key, value in given.items():
        if not isinstance(key, str):
            raise ActionError(ErrorCode.INVALID_INPUT, "credential: the names of its fields must be text")
        if key not in names:
            # Somebody may have pasted a key where its name belongs, so an unknown name is not echoed.
            hint = did_you_mean(key, set(names.values()))
            raise ActionError(ErrorCode.INVALID_INPUT, f"credential: has an unknown field{hint}")
        if value is None:
            continue
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        if not isinstance(text, str):
            raise ActionError(ErrorCode.INVALID_INPUT, f"credential.{names[key]}: must be text")
        if source.setdefault(names[key], text) != text:
            raise ActionError(
                ErrorCode.INVALID_INPUT, f"credential.{names[key]}: is given twice, with two values; give it once"
            )
    return source


def _satisfy(scheme: AuthScheme, source: Mapping[str, str]) -> ResolvedCredential:
    values: dict[str, str | SecretStr] = {}
    for field in scheme.fields:
        text = _as_it_was_issued(scheme, field, source.get(field.name, "")) or field.default
        if text is None:
            if field.required and not field.application:
                raise ActionError(
                    ErrorCode.MISSING_CREDENTIAL,
                    f"credential.{field.name}: {field.display_name} is missing or empty; pass the {_kind_of(scheme)}"
                    f" in `credential` or set the environment variable {field.environment_variable}",
                )
            continue
        _check_characters(field, text)
        text = _checked_url(field, text) if field.kind == "url" else text
        values[field.name] = SecretStr(text) if field.sensitive else text
    secrets = [value for value in values.values() if isinstance(value, SecretStr)]
    return ResolvedCredential(scheme, values, Redactor(secrets))


def _kind_of(scheme: AuthScheme) -> str:
    return scheme.type.replace("api_key", "API key").replace("_", " ")


_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff"
_QUOTES = ('""', "''", "``", "\u201c\u201d", "\u2018\u2019")
# Most keys. Nothing stands around one; a short one may be nothing but the word that stands in front of a key.
_BARE = re.compile(r"[A-Za-z0-9._~+/-]{16,}")
# Nobody copies more by hand, and to take megabytes of quotes off one by one would take minutes.
_LONGEST_COPIED = 20_000


def _as_it_was_issued(scheme: AuthScheme, field: CredentialField, text: str) -> str:
    """The value without what was copied along with it: blanks, quotes, and what a header or a shell has in front.

    A value that no header sends by itself is trimmed only: a password may begin with anything.
    """
    text = _stripped(text)
    if _BARE.fullmatch(text) or len(text) > _LONGEST_COPIED:
        return text
    prefix = _prefix(scheme, field)
    if prefix is None and field.kind != "url":
        return text
    # Each may be within another: `"Authorization: Token 'key'"`. A round that finds nothing is the last.
    before = None
    while text != before:
        before = text
        if len(text) > 1 and text[0] + text[-1] in _QUOTES:
            text = _stripped(text[1:-1])
        if prefix is not None and (found := prefix.match(text)):
            text = _stripped(text[found.end() :])
    return text


def _prefix(scheme: AuthScheme, field: CredentialField) -> re.Pattern[str] | None:
    """What a person may have copied along in front of a key, such as `Token ` where a header is `Token {api_key}`.

    None for a field that no header sends by itself.
    """
    place = f"{{{field.name}}}"
    headers = {name: text for name, text in scheme.headers.items() if text.endswith(place) and text.count("{") == 1}
    if not headers:
        return None
    own = {text.removesuffix(place).strip() for text in headers.values()}
    # Documentation, and services themselves, mix these up.
    words = "|".join(re.escape(word) for word in sorted({*own, "Token", "Bearer"} - {""}))
    names = "|".join(map(re.escape, headers))
    shell = rf"(?:export\s+)?{re.escape(field.environment_variable)}\s*="
    return re.compile(rf"(?:{shell}|(?:{names})\s*:|(?:{words})(?:\s+|$))\s*", re.IGNORECASE)


def _stripped(text: str) -> str:
    text = text.strip()
    return text if text.isascii() else text.strip(_INVISIBLE).strip()


def _check_characters(field: CredentialField, text: str) -> None:
    """Refuse what a header cannot carry: an HTTP library would quote the whole value in its error."""
    if text.isascii() and text.isprintable():
        return
    if any("\ud800" <= character <= "\udfff" for character in text):
        # Python puts surrogates where the bytes of an environment variable are not text in its encoding.
        problem = (
            f"is not valid text in this environment's encoding, {sys.getfilesystemencoding()} (see LC_ALL and LANG);"
            " copy it again from where it was issued"
        )
    elif "\n" in text or "\r" in text:
        problem = "has a line break in it; copy it again from where it was issued, as one line"
    else:
        kind = "a control character" if text.isascii() else "a character that is not ASCII"
        problem = f"contains {kind}; copy it again from where it was issued"
    raise ActionError(ErrorCode.INVALID_INPUT, f"credential.{field.name}: {field.display_name} {problem}")


def _checked_url(field: CredentialField, text: str) -> str:
    """The URL without trailing slashes."""
    problem = _address_problem(text, field.default)
    if problem is not None:
        raise ActionError(ErrorCode.INVALID_INPUT, f"credential.{field.name}: {field.display_name} {problem}")
    return text.rstrip("/")


# Addresses are few and not secret, and checking one costs more than the rest of a credential.
@lru_cache(maxsize=256)
def _address_problem(text: str, sample: str | None) -> str | None:
    """What is wrong with the address of a service, as the rest of a sentence; None when nothing is.

    A key is sent there, so it must be https, or http on a loopback address, without a user, query, fragment or dot
    segments.

    Args:
        text: The URL.
        sample: A good one, to show.
    """
    try:
        url = urlsplit(text)
        host, _ = url.hostname, url.port
    except ValueError:
        return f"is not a URL; write it like {sample}"
    if not host or url.scheme not in ("https", "http") or " " in text or "\\" in text:
        return f"must be a URL such as {sample or 'https://…'}"
    if url.username is not None or url.password is not None or url.query or url.fragment or text[-1] in "?#":
        return "must not contain a user, a query or a fragment"
    segments = url.path.replace("%2e", ".").replace("%2E", ".").split("/")
    if "." in segments or ".." in segments:
        return "must not contain `.` or `..` segments"
    if not _is_host(host):
        return "has a host name that no service can have; check it for typing errors"
    if url.scheme == "http" and not is_loopback(host):
        return "must begin with https:// (http:// is for loopback addresses only)"
    return None


_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")


def _is_host(host: str) -> bool:
    """Whether a host, in lower case, is an IP address or a name that every resolver and HTTP library can read."""
    labels = host.removesuffix(".").split(".")
    if ":" in host or labels[-1].isdigit():
        # What ends in a number can be nothing but an address.
        try:
            ipaddress.ip_address(host)
        except ValueError:
            return False
        # A zone is a name of this machine's own, which no library reads in a URL.
        return "%" not in host
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        return False
    if any(label.startswith("xn--") for label in labels):
        # httpx brings it along, and refuses what it refuses.
        import idna  # noqa: PLC0415 - 10 ms, for names that are not ASCII alone

        try:
            idna.decode(host)
        except UnicodeError:
            return False
    return True


def is_loopback(host: str) -> bool:
    """Whether a host is `localhost` or a loopback address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
