"""A caller's credential in the headers of an HTTP request."""

import os
import re
from collections.abc import Mapping

from pydantic import SecretStr

from modulex_mem0.contract import ActionError, ErrorCode, Profile
from modulex_mem0.runtime import CredentialMapping, did_you_mean

__all__ = ["HeaderCredential"]

_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_BEARER = "bearer "


class HeaderCredential:
    """Reads credential fields from request headers.

    Secrets come from headers alone. Fields that are not secret and have no header, such as the address of the service,
    are still read from the environment: the operator chooses the service, each caller brings a key.

    Args:
        profile: The integration's.
        headers: Header names by credential field. From `Authorization` the token of a Bearer scheme is taken.

    Raises:
        ValueError: A field is unknown; a header name is not valid; or a secret would not come from a header, so that
            an address from a request could send the operator's key anywhere.
    """

    def __init__(self, profile: Profile, headers: Mapping[str, str]) -> None:
        self._fields = {field.name: field for scheme in profile.auth_schemes for field in scheme.fields}
        self._headers = dict(headers)
        for name, header in headers.items():
            if name not in self._fields:
                raise ValueError(
                    f"{profile.display_name} has no credential field {name!r}{did_you_mean(name, self._fields)}"
                )
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
            headers: The request's, by lower-case name.

        Raises:
            ActionError: `missing_credential` if the request has none of the headers.
        """
        values = {name: _value(headers, header) for name, header in self._headers.items()}
        found = {name: SecretStr(value) for name, value in values.items() if value}
        if not found:
            wanted = [f"{self._fields[name].display_name} in the header {h}" for name, h in self._headers.items()]
            raise ActionError(ErrorCode.MISSING_CREDENTIAL, f"send {' and '.join(wanted)}")
        return self._from_environment() | found

    def _from_environment(self) -> dict[str, str | SecretStr | None]:
        return {
            field.name: os.environ[field.environment_variable]
            for field in self._fields.values()
            if not field.sensitive and field.name not in self._headers and field.environment_variable in os.environ
        }


def _value(headers: Mapping[str, str], header: str) -> str:
    value = headers.get(header.lower(), "").strip()
    if header.lower() == "authorization":
        return value[len(_BEARER) :].strip() if value.lower().startswith(_BEARER) else ""
    return value
