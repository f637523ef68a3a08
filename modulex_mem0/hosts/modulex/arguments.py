"""The arguments of a tool, as LangChain and ModuleX look at them."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema, create_model

from modulex_mem0.contract import ActionManifest, CredentialField
from modulex_mem0.json_schema import inline

__all__ = ["Arguments", "arguments_model"]


class Arguments(BaseModel):
    """Shows what a tool takes, and passes on what it is given: the runtime checks it, and answers instead of raising.

    What was left out stays left out, since a null can mean something else; what is unknown is passed on too, so that a
    misspelt parameter is refused and not ignored.
    """

    model_config = ConfigDict(extra="allow", protected_namespaces=())

    @classmethod
    def model_validate(cls, obj: Any, *_: Any, **__: Any) -> Self:  # noqa: ANN401 - as the base has it
        """Take the arguments as they are."""
        return super().model_construct(**obj)

    def model_dump(self, *_: Any, **__: Any) -> dict[str, Any]:  # noqa: ANN401 - as the base has it
        """The arguments that were given."""
        return {name: getattr(self, name) for name in (*self.model_fields_set, *(self.model_extra or {}))}


def arguments_model(
    title: str, action: ActionManifest, credential_fields: Iterable[CredentialField]
) -> type[Arguments]:
    """Make the model of a tool's arguments: an action's parameters and the credential's fields, which are injected."""
    schema = action.input_schema
    required = schema.get("required", ())
    definitions = schema.get("$defs", {})
    fields: dict[str, Any] = {
        name: _field(inline(value, definitions), required=name in required)
        for name, value in schema.get("properties", {}).items()
    }
    for field in credential_fields:
        description = f"{field.display_name} (provided by the credential)"
        fields[field.name] = _field({"type": "string", "description": description}, required=field.required)
    return create_model(title, __base__=Arguments, __doc__=action.description, **fields)


def _field(schema: Mapping[str, Any], *, required: bool) -> tuple[Any, Any]:
    told = {name: value for name, value in schema.items() if name != "default"}
    default = ... if required else schema.get("default")
    return Annotated[Any, WithJsonSchema(told)], Field(default=default, description=schema.get("description"))
