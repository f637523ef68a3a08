"""JSON Schemas (draft 2020-12) of the models of an action."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

__all__ = ["input_schema", "output_schema"]


def input_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The schema of an input model, as a form wants it.

    An optional parameter is one that may be left out: `X | None = None` is told as plain `X`, without a default.
    A field marked `NULLABLE` keeps its null, which then means something.
    """
    schema = model.model_json_schema()
    required = set(schema.get("required", ()))
    schema["properties"] = {
        name: value if name in required else _without_null(value)
        for name, value in schema.get("properties", {}).items()
    }
    return schema


def output_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The schema of an output model."""
    return model.model_json_schema()


def _without_null(value: Mapping[str, Any]) -> dict[str, Any]:
    """Drop the null and the default null that stand for `left out` from one parameter's schema."""
    parameter = dict(value)
    if parameter.pop("x-nullable", False) or parameter.get("default", ...) is not None:
        return parameter
    del parameter["default"]
    choices = [choice for choice in parameter.get("anyOf", ()) if choice != {"type": "null"}]
    if len(choices) == 1:
        del parameter["anyOf"]
        # What the parameter says of itself wins over what its type says.
        parameter |= {name: value for name, value in choices[0].items() if name not in parameter}
    elif choices:
        parameter["anyOf"] = choices
    return parameter
