"""Makes an output model, or a schema, of what a tool returns."""

from typing import Any, get_type_hints

from langchain_core.tools import StructuredTool
from pydantic import BaseModel, ValidationError, create_model

from modulex_mem0.contract import ActionOutput

__all__ = ["output_shape"]


def output_shape(tool: StructuredTool) -> type[BaseModel] | dict[str, Any]:
    """The tool's own model, where it can say that a call failed and why.

    Some tools raise in place of saying it. Theirs gets an `error`, and what it required becomes optional, since a call
    that failed has none of it. A model that writes a field under another name than it reads is given as its schema:
    tools hand on the names of the schema.

    Raises:
        TypeError: The tool does not tell what it returns.
    """
    model = get_type_hints(tool.coroutine).get("return")
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        raise TypeError(f"the action {tool.name} does not tell its output: it has no model as its return annotation")
    model = model if _tells_failures(model) else _with_failures(model)
    schema = model.model_json_schema()
    return model if _names(schema) == _names(model.model_json_schema(mode="serialization")) else schema


def _tells_failures(model: type[BaseModel]) -> bool:
    try:
        told = model.model_validate({"success": False, "error": "why"}).model_dump()
    except ValidationError:
        return False
    return told.get("success") is False and told.get("error") == "why"


def _with_failures(model: type[BaseModel]) -> type[BaseModel]:
    fields: dict[str, Any] = {
        name: (_optional(field.annotation), None) if field.is_required() else (field.annotation, field)
        for name, field in model.model_fields.items()
        if name not in ActionOutput.model_fields
    }
    return create_model(model.__name__, __base__=ActionOutput, __doc__=model.__doc__, **fields)


def _optional(kind: Any) -> Any:  # noqa: ANN401 - a type
    return kind | None


def _names(schema: dict[str, Any]) -> list[set[str]]:
    """The names of the fields of a model and of all within it."""
    return [set(part.get("properties", ())) for part in (schema, *schema.get("$defs", {}).values())]
