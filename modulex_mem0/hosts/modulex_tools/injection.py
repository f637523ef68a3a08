"""What a tool is given beside its parameters: the credential, as ModuleX's executor passes it.

A tool takes it in one of two ways, and its arguments tell which: `auth_type` and `auth_data`, a mapping of all values;
or each value by itself, `api_key` and others that are called like a value of the credential.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, SecretStr

from modulex_mem0.contract import Context
from modulex_mem0.hosts.modulex_tools.schemes import HostedScheme

__all__ = ["Injection"]

_MAPPING = ("auth_type", "auth_data")
_KEY = "api_key"


class Injection:
    """The arguments of one tool that are not its caller's.

    Args:
        arguments: The tool's.
        schemes: Of its integration.
    """

    def __init__(self, arguments: type[BaseModel], schemes: Iterable[HostedScheme]) -> None:
        self._schemes = tuple(schemes)
        given = [name for name in _MAPPING if name in arguments.model_fields]
        if not given:
            called_like_a_value = {_KEY, *(name for hosted in self._schemes for name in hosted.fields)}
            given = [name for name in arguments.model_fields if name in called_like_a_value]
        #: The names of the arguments.
        self.names = frozenset(given)
        self._required = [name for name in given if arguments.model_fields[name].is_required()]

    def arguments(self, context: Context) -> dict[str, Any]:
        """The arguments of one call, secrets in plain text: this is where the tool needs them."""
        # A tool that finds its key empty says so itself.
        missing: dict[str, Any] = dict.fromkeys(self._required, "")
        hosted = next((h for h in self._schemes if context.scheme and h.scheme.type == context.scheme.type), None)
        values = _values(context.credential, hosted.fields if hosted else {})
        given = {"auth_type": hosted.auth_type if hosted else "", "auth_data": values, **values}
        return missing | {name: given[name] for name in self.names if name in given}


def _values(credential: Mapping[str, str | SecretStr], fields: Mapping[str, str]) -> dict[str, str]:
    plain = {
        name: value.get_secret_value() if isinstance(value, SecretStr) else value for name, value in credential.items()
    }
    return {name: plain[field] for name, field in fields.items() if field in plain}
