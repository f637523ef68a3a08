"""The output models of the actions and of the records in them, where ModuleX's own packages have theirs.

They are made from the output schemas: an action may return its records as plain dicts, but who validates an output with
these models gets objects.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Union, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, create_model

from modulex_mem0.hosts.modulex import TOOLS

_DEFINITIONS = "#/$defs/"
_TYPES: dict[str, Any] = {
    "array": list[Any],
    "boolean": bool,
    "integer": int,
    "null": None,
    "number": float,
    "object": dict[str, Any],
    "string": str,
}


def _models(schema: Mapping[str, Any]) -> dict[str, type[BaseModel]]:
    """The model of an output schema, and those of its records, by name."""
    definitions = schema.get("$defs", {})
    made: dict[str, type[BaseModel]] = {}
    begun: set[str] = set()

    def model(name: str, described: Mapping[str, Any]) -> type[BaseModel]:
        if name not in made:
            begun.add(name)
            required = described.get("required", ())
            fields = {key: field(value, required=key in required) for key, value in described["properties"].items()}
            closed = ConfigDict(extra="allow" if described.get("additionalProperties", True) else "forbid")
            made[name] = create_model(name, __config__=closed, __doc__=described.get("description"), **fields)
            begun.discard(name)
        return made[name]

    def field(described: Mapping[str, Any], *, required: bool) -> Any:  # noqa: ANN401 - a type and a field
        about = described.get("description")
        if not required and described.get("type") == "array":
            return annotation(described), Field(default_factory=list, description=about)
        return annotation(described), Field(... if required else described.get("default"), description=about)

    def annotation(described: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a type
        if "$ref" in described:
            name = described["$ref"].removeprefix(_DEFINITIONS)
            # A record that contains itself is a plain object inside.
            if name in begun or "properties" not in definitions.get(name, {}):
                return Any
            return model(name, definitions[name])
        if "anyOf" in described:
            return Union[tuple(annotation(choice) for choice in described["anyOf"])]  # noqa: UP007 - any number of them
        if described.get("type") == "array" and "items" in described:
            items = annotation(described["items"])
            return list[items]  # type: ignore[valid-type]
        return _TYPES.get(described.get("type", ""), Any)

    model(schema["title"], schema)
    return made


_MODELS = {
    name: model
    for tool in TOOLS
    if tool.coroutine is not None
    for name, model in _models(get_type_hints(tool.coroutine)["return"].model_json_schema()).items()
}

if TYPE_CHECKING:

    def __getattr__(name: str) -> type[BaseModel]:
        """The names are those of the schemas, and known when this module is imported."""


__all__ = sorted(_MODELS)  # noqa: PLE0605 - as in `tools`, the names are the actions'

globals().update(_MODELS)
