"""JSON Schemas without references, for what shows a parameter by itself."""

from collections.abc import Mapping
from typing import Any

__all__ = ["inlined"]

_PREFIX = "#/$defs/"


def inlined(schema: Any, definitions: Mapping[str, Any], *, within: frozenset[str] = frozenset()) -> Any:  # noqa: ANN401
    """The schema, or a part of one, with every reference replaced by what it refers to.

    A definition that contains itself is cut where it begins anew, which leaves `{}`: any value.

    Args:
        schema: Anything that stands in a JSON Schema.
        definitions: Its `$defs`.
        within: The definitions that are being replaced already.
    """
    if isinstance(schema, list):
        return [inlined(item, definitions, within=within) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    own = {name: inlined(value, definitions, within=within) for name, value in schema.items() if name != "$ref"}
    reference = schema.get("$ref")
    if not isinstance(reference, str):
        # A property may itself be called `$ref`.
        return own if reference is None else own | {"$ref": inlined(reference, definitions, within=within)}
    name = reference.removeprefix(_PREFIX)
    if name in within or name not in definitions:
        return own
    # What stands beside a reference wins over what it refers to.
    return inlined(definitions[name], definitions, within=within | {name}) | own
