"""Proves that an output is plain JSON already, so that it can leave as it is and needs no copy.

A copy of a thousand records costs more than reading them. The proof has three parts: a model whose fields hold nothing
but JSON's own types, a look at the exact type of every value, and the output's schema, which is closed so that it also
covers keys and numbers where the model allows anything.
"""

import re
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from pydantic import BaseModel

from modulex_mem0.contract import output_schema
from modulex_mem0.json_schema import subschemas

__all__ = ["is_plain", "plain_output"]

_LEAVES = frozenset({str, int, float, bool, type(None)})
# JSON decoders have such limits too. They also end a value that contains itself.
_DEEPEST = 100
_MOST = 1_000_000

# The kinds of pydantic's schemas whose values, once they are plain JSON, are written as they are.
_SIMPLE_KINDS = frozenset(
    {
        "any",
        "bool",
        "default",
        "definition-ref",
        "definitions",
        "dict",
        "float",
        "int",
        "list",
        "model",
        "model-field",
        "model-fields",
        "nullable",
        "str",
        "typed-dict",
        "typed-dict-field",
    }
)
# A serializer, an alias or an exclusion changes what is written.
_REWRITES = re.compile(r"serializ|'computed_fields': \[[^\]]|'(?:extra_behavior|extra_fields_behavior)': '(?!forbid)")
_KIND = re.compile(r"'type': '([a-z-]+)'")

_NAME = "any-json-value"
_ANYTHING: dict[str, Any] = {"$ref": f"#/$defs/{_NAME}"}
_ANY_VALUE = {
    "type": ["null", "boolean", "number", "string", "array", "object"],
    "items": _ANYTHING,
    "additionalProperties": _ANYTHING,
}


def plain_output(model: type[BaseModel]) -> Callable[[BaseModel], dict[str, Any] | None] | None:
    """Make the function that returns a model's fields as they are, where they are proven to be a valid output.

    Returns:
        None where the model says more than its schema, or jsonschema-rs (the extra `fast`) is not installed. The
        function returns None for an instance that is not proven: its output has to be made by the model.
    """
    described = repr(model.__pydantic_core_schema__)
    if not _SIMPLE_KINDS.issuperset(_KIND.findall(described)) or _REWRITES.search(described):
        return None
    try:
        from jsonschema_rs import Draft202012Validator  # noqa: PLC0415 - an extra, and 6 ms
    except ImportError:
        return None
    fits = Draft202012Validator(_closed(output_schema(model))).is_valid
    names = tuple(model.model_fields)

    def plain(instance: BaseModel) -> dict[str, Any] | None:
        held = instance.__dict__
        try:
            output = {name: held[name] for name in names}
            return output if is_plain(output) and fits(output) else None
        except (KeyError, ValueError):
            # A field that was never set, or a key that is no text.
            return None

    return plain


def is_plain(value: dict[str, Any]) -> bool:
    """Whether all values in a dict are of JSON's own types, exactly: no subclasses, tuples, enumerations or decimals.

    Keys, and the finiteness of numbers, are left to the schema's check, which is many times faster at them.
    """
    level: list[Any] = [value]
    for _ in range(_DEEPEST):
        inner: list[Any] = []
        for container in level:
            for item in container.values() if type(container) is dict else container:
                kind = type(item)
                # Most are one of these.
                if kind is str or item is None:
                    continue
                if kind is dict or kind is list:
                    inner.append(item)
                elif kind not in _LEAVES:
                    return False
        if not inner:
            return True
        if len(inner) > _MOST:
            break
        level = inner
    return False


def _closed(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of an output, in which places that allow anything allow JSON alone."""
    closed = deepcopy(schema)
    for _, part in list(subschemas(closed, "")):
        if part.get("type") == "object" and part.get("additionalProperties", True) is True:
            part["additionalProperties"] = _ANYTHING
        elif part.get("type") == "array":
            part.setdefault("items", _ANYTHING)
        elif not part.keys() & {"type", "$ref", "anyOf", "oneOf", "allOf"}:
            part.update(_ANYTHING)
    closed.setdefault("$defs", {})[_NAME] = _ANY_VALUE
    return closed
