"""Resolves a credential: from the mapping that a call was given, or from the environment that the manifest names."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic import SecretStr

from modulex_mem0.contract import ActionError, AuthScheme, CredentialField, ErrorCode, Profile, Template
from modulex_mem0.runtime.http.service import Service
from modulex_mem0.runtime.redaction import Redactor
from modulex_mem0.runtime.service_address import fault_of_address
from modulex_mem0.runtime.suggestion import did_you_mean

__all__ = ["CredentialMapping", "HiddenDict", "ResolvedCredential", "render_complete", "resolve_credential", "sealed"]

CredentialMapping = Mapping[str, str | SecretStr | None]


class HiddenDict(dict[str, Any]):
    """A mapping with secrets in it, which does not show itself in a repr or in a traceback's local variables."""

    def __repr__(self) -> str:
        return "<hidden>"


def sealed(given: Any) -> CredentialMapping | None:  # noqa: ANN401 - whatever a caller passed
    """A copy of a given credential that may stand in a frame from which an exception leaves the runtime."""
    if given is None:
        return None
    # What is no mapping is refused later, without having been kept.
    return HiddenDict(given) if isinstance(given, Mapping) else _NO_MAPPING


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

    def service(self) -> Service | None:
        """Where requests go and what is sent with each; None where the handlers make their own requests.

        Raises:
            ActionError: `invalid_input` for a value that the base URL cannot hold.
        """
        if self.scheme.base_url is None:
            return None
        values = self.plain()
        url = _template(self.scheme.base_url).render_url(values)
        return Service(url.base + url.path, self.headers(values), self.redactor)

    def headers(self, values: Mapping[str, str]) -> dict[str, str]:
        """The scheme's headers, without those of optional fields left out."""
        return render_complete(self.scheme.headers, values)

    def plain(self) -> Mapping[str, str]:
        """The values as they are sent, secrets included. For the moment of sending; not to be kept."""
        return HiddenDict(
            {
                name: value.get_secret_value() if isinstance(value, SecretStr) else value
                for name, value in self.values.items()
            }
        )


def render_complete(templates: Mapping[str, str], values: Mapping[str, str]) -> dict[str, str]:
    """Those templates rendered whose fields all have a value."""
    parsed = {name: _template(text) for name, text in templates.items()}
    return {name: template.render(values) for name, template in parsed.items() if template.is_complete(values)}


# Declared texts are few and not secret.
_template = lru_cache(maxsize=1024)(Template)


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
    # Each scheme reads its own variables: the fields of two may share a name.
    return {f.name: value for f in scheme.fields if (value := os.environ.get(f.environment_variable)) is not None}


def _from_mapping(profile: Profile, given: CredentialMapping) -> dict[str, str]:
    if not isinstance(given, Mapping):
        raise ActionError(ErrorCode.INVALID_INPUT, "credential: must be a mapping of field names to text")
    names = profile.credential_names
    source: dict[str, str] = {}
    for key, value in given.items():
        if key not in names:
            # A key could have been pasted where its name belongs, so nothing of an unknown name is echoed.
            hint = did_you_mean(str(key), set(names.values()))
            raise ActionError(ErrorCode.INVALID_INPUT, f"credential: has an unknown field{hint}")
        if value is None:
            continue
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        if not isinstance(text, str):
            raise ActionError(ErrorCode.INVALID_INPUT, f"credential.{names[key]}: must be text")
        source[names[key]] = text
    return source


def _satisfy(scheme: AuthScheme, source: Mapping[str, str]) -> ResolvedCredential:
    values: dict[str, str | SecretStr] = {}
    for field in scheme.fields:
        text = source.get(field.name, "").strip() or field.default
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
    fault = fault_of_address(text, field.default)
    if fault is not None:
        raise ActionError(ErrorCode.INVALID_INPUT, f"credential.{field.name}: {field.display_name} {fault}")
    return text.rstrip("/")
