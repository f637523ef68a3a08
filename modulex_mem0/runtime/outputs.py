"""Makes outputs that satisfy an action's output schema, whatever its handler returned."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from modulex_mem0.contract import Action, ActionError, output_schema
from modulex_mem0.runtime.schemas import schema_check

__all__ = ["OutputCheck", "output_check"]


@dataclass(frozen=True, slots=True)
class OutputCheck:
    """Turns what a handler returned into a JSON-ready dict that satisfies the schema.

    Attributes:
        checked: Raises anything when the value does not fit; what it raises is the integration's defect.
    """

    checked: Callable[[Any], dict[str, Any]]

    def failure(self, line: str, known: Mapping[str, Any]) -> dict[str, Any]:
        """The output of a call that failed, with the fields that are known all the same, where they fit."""
        minimal = {"success": False, "error": line}
        try:
            return self.checked(minimal | dict(known) | minimal) if known else self.checked(minimal)
        except Exception:
            return self.checked(minimal)


def output_check(action: Action[Any, Any]) -> OutputCheck:
    """Make the check of an action's outputs.

    Raises:
        ValueError: A failure has no output that fits: `success` and `error` must be declared and suffice.
    """
    shape = action.output
    check = OutputCheck(_model_check(shape) if isinstance(shape, type) else _dict_check(shape))
    try:
        failure = check.checked({"success": False, "error": "why"})
    except Exception as error:
        raise ValueError(f"`success` and `error` alone are not a valid output: {error}") from error
    if failure.get("success") is not False or failure.get("error") != "why":
        raise ValueError("the output must declare `success` and `error`")
    return check


def _model_check(model: type[BaseModel]) -> Callable[[Any], dict[str, Any]]:
    validate = model.__pydantic_validator__.validate_python
    dump = model.__pydantic_serializer__.to_python
    verify = _verification(model)

    def checked(value: object) -> dict[str, Any]:
        if not isinstance(value, model):
            value = validate(value)
        output: dict[str, Any] = dump(value, mode="json", by_alias=True, warnings="error")
        # An instance can be made or changed without validation, so what leaves is what is checked.
        verify(output)
        return output

    return checked


def _verification(model: type[BaseModel]) -> Callable[[dict[str, Any]], object]:
    """The check of what leaves: against the very schema that hosts are shown, where the `fast` extra is installed.

    It takes an eighth of the time of pydantic's, which makes every record once more. A model with validators of its own
    says more than its schema, so there it is pydantic's.
    """
    validate = model.__pydantic_validator__.validate_python
    if find_spec("jsonschema_rs") is None or "'type': 'function-" in repr(model.__pydantic_core_schema__):
        return validate
    from jsonschema_rs import Draft202012Validator  # noqa: PLC0415 - an extra

    fits = Draft202012Validator(output_schema(model)).is_valid

    def verify(output: dict[str, Any]) -> None:
        if not fits(output):
            validate(output)
            raise ValueError("the output does not satisfy its schema")

    return verify


def _dict_check(schema: Mapping[str, Any]) -> Callable[[Any], dict[str, Any]]:
    check = schema_check(schema)

    def checked(value: object) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise TypeError(f"the handler returned {type(value).__name__}, not a dict")
        try:
            return check(to_jsonable_python(value))
        except ActionError as error:
            # The caller's input is not at fault.
            raise ValueError(error.message) from None

    return checked
