"""Resolves a credential: from the mapping that a call was given, or from the environment that the manifest names."""

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

from pydantic import SecretStr

from modulex_mem0.contract import ActionError, AuthScheme, CredentialField, ErrorCode, Profile
from modulex_mem0.runtime.redaction import Redactor
from modulex_mem0.runtime.suggestion import did_you_mean

__all__ = ["CredentialMapping", "ResolvedCredential", "resolve_credential", "sealed"]

CredentialMapping = Mapping[str, str | SecretStr | None]

_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")


class _Sealed(dict[str, str | SecretStr | None]):
    """A credential as it was given, which does not show itself in a traceback's local variables."""

    def __repr__(self) -> str:
        return "<credential>"


def sealed(given: Any) -> CredentialMapping | None:  # noqa: ANN401 - whatever a caller passed
    """A copy of a given credential that may stand in a frame from which an exception leaves the runtime."""
    if given is None:
        return None
    # What is no mapping is refused later, without having been kept.
    return _Sealed(given) if isinstance(given, Mapping) else _NO_MAPPING


_NO_MAPPING: Any = ()


@dataclass(frozen=True, slots=True)
class ResolvedCredential:
    """A credential that was checked and is ready to be sent.

    Attributes:
        scheme: The authentication scheme that it satisfies.
        values: By field name; sensitive fields are `SecretStr`.
        redactor: Masks its secrets.
    """

    scheme: AuthScheme
    values: Mapping[str, str | SecretStr]
    redactor: Redactor

    @property
    def base_url(self) -> str:
        """Where requests go."""
        return self._fill(self.scheme.base_url)

    def headers(self) -> dict[str, str]:
        """What is sent with every request, secrets included; without the headers of optional fields left out."""
        return {
            name: self._fill(template)
            for name, template in self.scheme.headers.items()
            if all(field in self.values for field in _PLACEHOLDER.findall(template))
        }

    def _fill(self, template: str) -> str:
        """A template such as `Token {api_key}` with the credential's values; what they contain is not filled again."""
        return _PLACEHOLDER.sub(self._value, template)

    def _value(self, placeholder: re.Match[str]) -> str:
        value = self.values[placeholder[1]]
        return value.get_secret_value() if isinstance(value, SecretStr) else value


def resolve_credential(profile: Profile, given: CredentialMapping | None) -> ResolvedCredential | None:
    """Resolve the credential of a call.

    A mapping is taken as it is: the environment is read only when there is none, so that one user's key never meets
    another's address. Fields may be named by their name or by their environment variable. Values are trimmed.

    Args:
        profile: The integration's; its schemes are tried in order, and the first that is complete is taken.
        given: By field name, or None for the environment.

    Returns:
        The credential, or None when the integration needs none.

    Raises:
        ActionError: `missing_credential` or `invalid_input`, naming the field and never its value.
    """
    if not profile.auth_schemes:
        return None
    source = _from_environment(profile) if given is None else _from_mapping(profile, given)
    missing: ActionError | None = None
    for scheme in profile.auth_schemes:
        try:
            return _satisfy(profile, scheme, source)
        except ActionError as error:
            if error.code is not ErrorCode.MISSING_CREDENTIAL:
                raise
            missing = missing or error
    raise missing or ActionError(ErrorCode.MISSING_CREDENTIAL, f"{profile.display_name} needs a credential")


def _from_environment(profile: Profile) -> dict[str, str]:
    fields = (field for scheme in profile.auth_schemes for field in scheme.fields)
    return {f.name: value for f in fields if (value := os.environ.get(f.environment_variable)) is not None}


def _from_mapping(profile: Profile, given: CredentialMapping) -> dict[str, str]:
    if not isinstance(given, Mapping):
        raise ActionError(ErrorCode.INVALID_INPUT, "credential: must be a mapping of field names to text")
    fields = [field for scheme in profile.auth_schemes for field in scheme.fields]
    names = {f.environment_variable: f.name for f in fields} | {f.name: f.name for f in fields}
    source: dict[str, str] = {}
    for key, value in given.items():
        if key not in names:
            # A key could have been pasted where its name belongs, so nothing of an unknown name is echoed.
            hint = did_you_mean(str(key), {f.name for f in fields})
            raise ActionError(ErrorCode.INVALID_INPUT, f"credential: has an unknown field{hint}")
        if value is None:
            continue
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        if not isinstance(text, str):
            raise ActionError(ErrorCode.INVALID_INPUT, f"credential.{names[key]}: must be text")
        source[names[key]] = text
    return source


def _satisfy(profile: Profile, scheme: AuthScheme, source: Mapping[str, str]) -> ResolvedCredential:
    values: dict[str, str | SecretStr] = {}
    for field in scheme.fields:
        text = source.get(field.name, "").strip() or field.default
        if text is None:
            if field.required:
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


def _check_characters(field: CredentialField, text: str) -> None:
    """Refuse what a header cannot carry: HTTP libraries would quote the whole value in their error."""
    if not (text.isascii() and text.isprintable()):
        raise ActionError(
            ErrorCode.INVALID_INPUT,
            f"credential.{field.name}: {field.display_name} contains a control or non-ASCII character;"
            " copy it again from where it was issued",
        )


def _checked_url(field: CredentialField, text: str) -> str:
    """The URL without trailing slashes."""
    where = f"credential.{field.name}: {field.display_name}"
    try:
        url = urlsplit(text)
        host, _ = url.hostname, url.port
    except ValueError:
        raise ActionError(ErrorCode.INVALID_INPUT, f"{where} is not a URL; write it like {field.default}") from None
    if not host or url.scheme not in ("https", "http") or any(c in text for c in " \\"):
        raise ActionError(ErrorCode.INVALID_INPUT, f"{where} must be a URL such as {field.default or 'https://…'}")
    if url.username is not None or url.password is not None or url.query or url.fragment or text[-1] in "?#":
        raise ActionError(ErrorCode.INVALID_INPUT, f"{where} must not contain a user, a query or a fragment")
    if any(part in (".", "..") for part in url.path.replace("%2e", ".").replace("%2E", ".").split("/")):
        raise ActionError(ErrorCode.INVALID_INPUT, f"{where} must not contain `.` or `..` segments")
    if url.scheme == "http" and not _is_loopback(url):
        raise ActionError(
            ErrorCode.INVALID_INPUT, f"{where} must begin with https:// (http:// is for loopback addresses only)"
        )
    return text.rstrip("/")


def _is_loopback(url: SplitResult) -> bool:
    host = url.hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
