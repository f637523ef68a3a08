"""Fills templates such as `Token {api_key}` from a credential, so that a value cannot change more than its place."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, quote

from modulex_mem0.contract import ActionError, ErrorCode

__all__ = ["FilledUrl", "fill", "fill_body", "fill_url", "is_complete"]

_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_HOST_PART = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*")

Values = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class FilledUrl:
    """A URL in the parts that the HTTP client takes.

    Attributes:
        base: Scheme and host, or the whole value of a field that holds a URL.
        path: From there on, percent-encoded; empty, or beginning with a slash.
        params: The query.
    """

    base: str
    path: str
    params: dict[str, str]


def is_complete(template: str, values: Values) -> bool:
    """Whether every field that the template names has a value."""
    return _fields_of(template) <= values.keys()


@lru_cache(maxsize=1024)
def _fields_of(template: str) -> frozenset[str]:
    return frozenset(_PLACEHOLDER.findall(template))


@lru_cache(maxsize=1024)
def _parts(template: str) -> list[str]:
    """Plain text and names of fields, by turns; it begins and ends with plain text."""
    return _PLACEHOLDER.split(template)


def fill(template: str, values: Values) -> str:
    """The template with the values as they are; what they contain is not filled again."""
    return "".join([values[part] if at % 2 else part for at, part in enumerate(_parts(template))])


def fill_body(value: Any, values: Values) -> Any:  # noqa: ANN401 - any JSON value
    """A JSON value with the texts in it filled; braces around anything but a field's name are left alone."""
    if isinstance(value, str):
        return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), value)
    if isinstance(value, list | tuple):
        return [fill_body(item, values) for item in value]
    if isinstance(value, Mapping):
        return {name: fill_body(item, values) for name, item in value.items()}
    return value


def fill_url(template: str, values: Values) -> FilledUrl:
    """A URL template, filled.

    Raises:
        ActionError: `invalid_input` for a value that is no part of a host name where one belongs, or that climbs out of
            its place in the path.
    """
    plain, *parts = _parts(template)
    if not plain and parts:
        # Of the kind `url`, so it was checked when the credential was resolved.
        base, rest = values[parts[0]], template[len(parts[0]) + 2 :]
        if not rest:
            return FilledUrl(base, "", {})
    else:
        scheme, _, after = template.partition("://")
        end = next((at for at, character in enumerate(after) if character in "/?"), len(after))
        base, rest = f"{scheme}://{_filled(after[:end], values, _host_part)}", after[end:]
    path, _, query = rest.partition("?")
    # The query is taken apart before it is filled, so that no value can add a parameter.
    params = {name: fill(value, values) for name, value in parse_qsl(query, keep_blank_values=True)}
    return FilledUrl(base, _filled(path, values, _path_part), params)


def _filled(template: str, values: Values, checked: Callable[[str, str], str]) -> str:
    return _PLACEHOLDER.sub(lambda found: checked(found[1], values[found[1]]), template)


def _host_part(name: str, value: str) -> str:
    if not _HOST_PART.fullmatch(value):
        raise ActionError(
            ErrorCode.INVALID_INPUT,
            f"credential.{name}: must be a host name or a part of one, without https:// or a path",
        )
    return value


def _path_part(name: str, value: str) -> str:
    # A server may decode separators before it resolves the segments.
    if any(part in (".", "..") for part in re.split(r"[/\\]", value)):
        raise ActionError(ErrorCode.INVALID_INPUT, f"credential.{name}: must not contain `.` or `..` segments")
    return quote(value, safe="")
