"""The credential of a call that arrives in the headers of an HTTP request."""

import os
import re
from collections.abc import Mapping

from pydantic import SecretStr

from modulex_mem0.contract import ActionError, CredentialField, ErrorCode, Profile
from modulex_mem0.runtime import CredentialMapping, did_you_mean

__all__ = ["HeaderCredential"]

_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_BEARER = "bearer "


class HeaderCredential:
    """Reads credential fields from request headers.

    Secrets then come from headers alone. Of the environment only fields that are not secret are still read, such as
    the address of the service: the operator chooses where requests go, each caller with whose key.

    Args:
        profile: The integration's.
        headers: The name of the header by the name of the credential field. From the header `Authorization` the token
            of the scheme Bearer is taken.

    Raises:
        ValueError: A field is unknown, a header's name is none, or a secret would not come from a header: an address
            from a request could then send the operator's key anywhere.
    """

    def __init__(self, profile: Profile, headers: Mapping[str, str]) -> None:
        self._fields = {field.name: field for scheme in profile.auth_schemes for field in scheme.fields}
        self._headers = dict(headers)
        for name, header in headers.items():
            if name not in self._fields:
                raise ValueError(f"{profile.display_name} has no credential field {name!r}" + self._nearest(name))
            if not _HEADER.fullmatch(header):
                raise ValueError(f"{header!r} is not the name of a header")
        needed = [
            [field.name for field in scheme.fields if field.sensitive and field.required and field.name not in headers]
            for scheme in profile.auth_schemes
        ]
        if needed and all(needed):
            raise ValueError(f"name a header for {needed[0][0]} too: secrets come from headers alone, or not at all")

    def read(self, headers: Mapping[str, str]) -> CredentialMapping:
        """The credential of a request.

        Args:
            headers: The request's, found under lower-case names.

        Raises:
            ActionError: `missing_credential` when the request carries none of the headers.
        """
        values = {name: _value(headers, header) for name, header in self._headers.items()}
        found = {name: SecretStr(value) for name, value in values.items() if value}
        if not found:
            wanted = [f"{self._fields[name].display_name} in the header {h}" for name, h in self._headers.items()]
            raise ActionError(ErrorCode.MISSING_CREDENTIAL, f"send {' and '.join(wanted)}")
        public = [field for field in self._fields.values() if not field.sensitive and field.name not in self._headers]
        return _from_environment(public) | found

    def _nearest(self, name: str) -> str:
        return did_you_mean(name, self._fields)


def _value(headers: Mapping[str, str], header: str) -> str:
    value = headers.get(header.lower(), "").strip()
    if header.lower() == "authorization":
        return value[len(_BEARER) :].strip() if value.lower().startswith(_BEARER) else ""
    return value


def _from_environment(fields: list[CredentialField]) -> dict[str, str | SecretStr | None]:
    return {
        field.name: os.environ[field.environment_variable]
        for field in fields
        if field.environment_variable in os.environ
    }
