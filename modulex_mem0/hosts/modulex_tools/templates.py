"""Translates the templates of ModuleX's manifests, which call a value by any of its names, to our fields' names."""

import re
from collections.abc import Mapping
from typing import Any

__all__ = ["leading_field", "literal_or_template", "translated", "translated_body"]

_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def translated(template: str, fields: Mapping[str, str]) -> str:
    """A template with our names.

    Raises:
        ValueError: It names what is no part of the credential.
    """

    def ours(found: re.Match[str]) -> str:
        if found[1] not in fields:
            raise ValueError(f"the template {template!r} names {found[1]!r}, which is no part of the credential")
        return f"{{{fields[found[1]]}}}"

    return _PLACEHOLDER.sub(ours, template)


def translated_body(value: Any, fields: Mapping[str, str]) -> Any:  # noqa: ANN401 - any JSON value
    """A JSON value with our names in its texts. Other braces stay: bodies hold queries that are full of them."""
    if isinstance(value, str):
        return _PLACEHOLDER.sub(lambda found: f"{{{fields[found[1]]}}}" if found[1] in fields else found[0], value)
    if isinstance(value, list):
        return [translated_body(item, fields) for item in value]
    if isinstance(value, dict):
        return {name: translated_body(item, fields) for name, item in value.items()}
    return value


def literal_or_template(text: str, fields: Mapping[str, str]) -> str:
    """One half of Basic authentication: the name of a value, without braces, or a fixed text."""
    return f"{{{fields[text]}}}" if text in fields else text


def leading_field(template: str, fields: Mapping[str, str]) -> str | None:
    """The field that a URL begins with."""
    found = _PLACEHOLDER.match(template)
    return fields.get(found[1]) if found else None
