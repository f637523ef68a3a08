"""Checks what a caller passes to an action, and says in one line what is wrong and how to mend it."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from modulex_mem0.contract import Action, ActionError, ErrorCode
from modulex_mem0.runtime.schemas import schema_check
from modulex_mem0.runtime.shown import cut, shown
from modulex_mem0.runtime.suggestion import did_you_mean

__all__ = ["input_check"]

_MOST_PROBLEMS = 3
_LONGEST_PATH = 16
# pydantic's words for these are about Python; a caller thinks in JSON.
_PLAIN = {
    "missing": "is required",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "dict_type": "must be an object",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "int_from_float": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "list_type": "must be a list",
    "model_type": "must be an object",
    "string_type": "must be text",
}


def input_check(action: Action[Any, Any]) -> Callable[[Any], Any]:
    """Make the function that checks an input: it returns what the handler takes.

    The function raises `ActionError` with `invalid_input`, naming the fields, for anything but a fitting mapping.
    """
    shape = action.input
    check = _model_check(action.name, shape) if isinstance(shape, type) else schema_check(shape, null_is_absent=True)

    def checked(value: object) -> Any:  # noqa: ANN401 - a model or a dict, as the handler wants it
        if not isinstance(value, Mapping):
            raise ActionError(ErrorCode.INVALID_INPUT, f"the input of {action.name} must be an object of parameters")
        return check(value if isinstance(value, dict) else dict(value))

    return checked


def _model_check(action: str, model: type[BaseModel]) -> Callable[[dict[str, Any]], Any]:
    validate = model.__pydantic_validator__.validate_python

    def check(value: dict[str, Any]) -> Any:  # noqa: ANN401 - the model
        try:
            return validate(value)
        except ValidationError as error:
            problems = error.errors(include_url=False)
            message = "; ".join(_told(action, model, problem) for problem in _first_of_each_field(problems))
            raise ActionError(ErrorCode.INVALID_INPUT, message) from None

    return check


def _first_of_each_field(problems: Iterable[ErrorDetails]) -> list[ErrorDetails]:
    """The first problem of each field: the branches of a union would each tell their own."""
    first: dict[Any, ErrorDetails] = {}
    for problem in problems:
        first.setdefault(problem["loc"][:1], problem)
    return list(first.values())[:_MOST_PROBLEMS]


def _told(action: str, model: type[BaseModel], problem: ErrorDetails) -> str:
    field, kind = _path(problem["loc"]), problem["type"]
    if kind == "extra_forbidden":
        nested = len(problem["loc"]) > 1
        return f"{field}: is not a field" if nested else f"{field}: {_unknown(action, model, field)}"
    if kind in ("value_error", "assertion_error"):
        reason = problem["msg"].split(", ", 1)[-1]
        return f"{field}: {reason}" if field else reason
    reason = _PLAIN.get(kind) or problem["msg"].replace("Input should", "must", 1)
    return f"{field}: {reason}" if kind == "missing" else f"{field}: {reason}, got {shown(problem['input'])}"


def _unknown(action: str, model: type[BaseModel], field: str) -> str:
    return f"is not a parameter of {action}{did_you_mean(field, model.model_fields)}"


def _path(loc: tuple[int | str, ...]) -> str:
    # Deep inside something nested without end, the way there would say less than the parameter's name.
    if len(loc) > _LONGEST_PATH:
        loc = loc[:1]
    path = ""
    for part in loc:
        path += f"[{part}]" if isinstance(part, int) else f".{cut(part)}" if path else cut(part)
    return path
