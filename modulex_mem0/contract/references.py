"""Follows the references of a JSON Schema to other places in the same document."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

__all__ = ["resolved"]

_LONGEST_CHAIN = 12


def resolved(schema: Any, root: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a schema may be true or false
    """The schema with its reference, if it is one, replaced by what it refers to anywhere in the document.

    Keywords beside a reference win over those of what it refers to.

    Raises:
        LookupError: The reference leads nowhere, out of the document, or round in circles.
    """
    for _ in range(_LONGEST_CHAIN):
        if not isinstance(schema, Mapping) or "$ref" not in schema:
            return schema
        target = _target(str(schema["$ref"]), root)
        beside = {key: value for key, value in schema.items() if key != "$ref"}
        if target is True and beside:
            target = {}
        schema = {**target, **beside} if isinstance(target, Mapping) else target
    raise LookupError("the reference goes round in circles")


def _target(reference: str, root: Mapping[str, Any]) -> Any:  # noqa: ANN401 - as above
    """What a JSON pointer in a URI fragment (RFC 6901) points to."""
    if not f"{reference}/".startswith("#/"):
        raise LookupError(f"{reference} is no pointer into the same document")
    target: Any = root
    for token in unquote(reference).split("/")[1:]:
        name = token.replace("~1", "/").replace("~0", "~")
        if isinstance(target, list):
            target = {str(index): item for index, item in enumerate(target)}
        if not isinstance(target, Mapping) or name not in target:
            raise LookupError(f"there is no {name!r}")
        target = target[name]
    return target
