"""Makes an input model of the arguments of a tool."""

from typing import Any

from modulex_integrations.schema import ParameterDef
from pydantic import BaseModel, Field, create_model
from pydantic.fields import FieldInfo

from modulex_mem0.contract import ActionInput

__all__ = ["input_model"]


def input_model(
    arguments: type[BaseModel], injected: frozenset[str], described: dict[str, ParameterDef]
) -> type[ActionInput]:
    """The model of what a caller passes: closed, and without what is injected.

    Names, types, defaults and what is required are the tool's own, since they decide what happens; ModuleX's manifest
    differs from them here and there, and tells the descriptions.
    """
    fields: dict[str, Any] = {
        name: _copied(field, described.get(name))
        for name, field in arguments.model_fields.items()
        if name not in injected
    }
    return create_model(arguments.__name__, __base__=ActionInput, **fields)


def _copied(field: FieldInfo, described: ParameterDef | None) -> tuple[Any, Any]:
    """A field of the same type, under its name and not an alias: by its name the manifest tells it."""
    description = (described.description if described else None) or field.description
    # The constraints stay with the type.
    kind = field.rebuild_annotation()
    if field.is_required():
        return kind, Field(title=field.title, description=description)
    if field.default_factory is not None:
        return kind, Field(default_factory=field.default_factory, title=field.title, description=description)
    return kind, Field(default=field.default, title=field.title, description=description)
