"""Validates what goes into an action and what comes out of it: pydantic models, or bare JSON Schemas.

An input that does not fit is the caller's mistake, and the error says in one line what is wrong and how to fix it. An
output that does not fit is the integration's defect.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, to_jsonable_python

from modulex_mem0.contract import Action, ActionError, ErrorCode, output_schema
from modulex_mem0.runtime.errors import did_you_mean
from modulex_mem0.runtime.plain_json import plain_output

if TYPE_CHECKING:
    import jsonschema

__all__ = ["OutputValidator", "input_validator"]

_MAX_PROBLEMS = 3
_MAX_PATH_PARTS = 16
_MAX_SHOWN = 60
# pydantic's words for these are about Python; a caller thinks in JSON.
_PLAIN_REASONS = {
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
    "recursion_depth_exceeded": "must not be nested so deeply",
    "recursion_loop": "must not be nested so deeply",
    "string_type": "must be text",
    "string_unicode": "must be text without half of a character (a lone surrogate)",
}

_CONTAINERS = (list, dict, tuple, set, frozenset)
_NESTED = (*_CONTAINERS, BaseModel)
# Looked for first: to ask whether something is a model takes ten times as long.
_NUMBERS = (int, float)
_HALF = "holds half of a character (a lone surrogate), which is no text"
_HALF_ESCAPED = re.compile(r"\\u[dD][89A-Fa-f]")

Output = dict[str, Any]


def input_validator(action: Action[Any, Any], max_values: int) -> Callable[[Any], Any]:
    """Make the function that validates an action's input and returns what the handler takes: a model or a dict.

    The function raises `ActionError` with `invalid_input`, naming the fields, for anything but a dict that fits, and
    for text that has no encoding.

    Args:
        action: Whose input.
        max_values: An input with more values in lists and objects is refused: each one may be reported as an error.

    Raises:
        Exception: The action's own schema is not valid.
    """
    declared = action.input
    validate: Callable[[dict[str, Any]], Any] = (
        _model_input(action.name, declared, max_values)
        if isinstance(declared, type)
        else _schema_validator(declared, null_is_absent=True)
    )

    def validated(value: object) -> Any:  # noqa: ANN401 - a model or a dict
        if not isinstance(value, dict):
            raise ActionError(ErrorCode.INVALID_INPUT, f"the input of {action.name} must be an object of parameters")
        for name, item in value.items():
            if isinstance(item, _CONTAINERS) and _has_more_values(item, max_values):
                raise ActionError(ErrorCode.INVALID_INPUT, f"{_cut(str(name))}: holds more than {max_values} values")
        made = validate(value)
        # What was JSON in a text, or an object of a framework, can be looked into only now.
        _refuse_unusable(made.__dict__ if isinstance(made, BaseModel) else made, max_values)
        return made

    return validated


def _model_input(action: str, model: type[BaseModel], max_values: int) -> Callable[[dict[str, Any]], BaseModel]:
    validate = model.__pydantic_validator__.validate_python

    def validated(value: dict[str, Any]) -> BaseModel:
        try:
            made: BaseModel = validate(value)
        except ValidationError as error:
            raise ActionError(ErrorCode.INVALID_INPUT, _explain_all(action, model, error)) from None
        except UnicodeEncodeError:
            # pydantic gives up on a reason that quotes such a text, without saying where it was.
            _refuse_unusable(value, max_values)
            name = next((n for n, v in value.items() if isinstance(v, str) and _HALF_ESCAPED.search(v)), "the input")
            raise ActionError(ErrorCode.INVALID_INPUT, f"{_cut(str(name))}: {_HALF}") from None
        return made

    return validated


def _has_more_values(value: Any, limit: int) -> bool:  # noqa: ANN401 - a container
    containers = [value]
    values = 0
    for container in containers:
        values += len(container)
        if values > limit:
            # Also the end of a value that contains itself.
            return True
        items = container.values() if isinstance(container, Mapping) else container
        containers += [item for item in items if isinstance(item, _CONTAINERS)]
    return False


def _refuse_unusable(fields: Mapping[Any, Any], max_values: int) -> None:
    """Refuse a field that holds too many values, or text that has no encoding.

    Raises:
        ActionError: `invalid_input`, naming the field.
    """
    for name, item in fields.items():
        reason = None
        if isinstance(item, str):
            reason = None if item.isascii() else _problem_of_text(item)
        elif not (item is None or isinstance(item, _NUMBERS)) and isinstance(item, _NESTED):
            reason = _problem_within(item, max_values)
        if reason is not None:
            raise ActionError(ErrorCode.INVALID_INPUT, f"{_cut(str(name))}: {reason}")


def _problem_within(value: Any, max_values: int) -> str | None:  # noqa: ANN401 - a container or a model
    nested = [value]
    values = 0
    for outer in nested:
        fields = outer.__dict__ if isinstance(outer, BaseModel) else outer
        values += len(fields)
        if values > max_values:
            # Also the end of a value that contains itself.
            return f"holds more than {max_values} values"
        for item in (*fields, *fields.values()) if isinstance(fields, dict) else fields:
            if isinstance(item, str):
                # Nearly all text is ASCII, which its object says of itself.
                if not item.isascii() and (problem := _problem_of_text(item)):
                    return problem
            elif not (item is None or isinstance(item, _NUMBERS)) and isinstance(item, _NESTED):
                nested.append(item)
    return None


def _problem_of_text(text: str) -> str | None:
    try:
        text.encode()
    except UnicodeEncodeError:
        # Half of an emoji, as JavaScript cuts them.
        return _HALF
    return None


class OutputValidator:
    """Turns what a handler returned into a JSON-ready dict that satisfies the action's output schema.

    Attributes:
        validate: Does it for any value; whatever it raises is the integration's defect.

    Raises:
        ValueError: A failure has no output that fits: `success` and `error` must be declared, and suffice.
    """

    __slots__ = ("validate",)

    def __init__(self, action: Action[Any, Any]) -> None:
        declared = action.output
        self.validate: Callable[[Any], Output] = (
            _model_output(declared) if isinstance(declared, type) else _schema_output(declared)
        )
        try:
            failure = self.validate({"success": False, "error": "why"})
        except Exception as error:
            raise ValueError(f"`success` and `error` alone are not a valid output: {error}") from error
        if failure.get("success") is not False or failure.get("error") != "why":
            raise ValueError("the output must declare `success` and `error`")

    def failure(self, line: str, known: Mapping[str, Any]) -> Output:
        """The output of a call that failed.

        Args:
            line: The error as one line.
            known: Further fields that are known despite the failure; left out unless all of them fit.
        """
        minimal = {"success": False, "error": line}
        try:
            return self.validate(minimal | dict(known) | minimal) if known else self.validate(minimal)
        except Exception:
            return self.validate(minimal)


def _explain_all(action: str, model: type[BaseModel], error: ValidationError) -> str:
    problems = _first_of_each_field(error.errors(include_url=False))
    return "; ".join(_explain(action, model, problem) for problem in problems)


def _first_of_each_field(problems: Iterable[ErrorDetails]) -> list[ErrorDetails]:
    """The first problem of each field: each branch of a union reports one of its own."""
    first: dict[Any, ErrorDetails] = {}
    for problem in problems:
        first.setdefault(problem["loc"][:1], problem)
    return list(first.values())[:_MAX_PROBLEMS]


def _explain(action: str, model: type[BaseModel], problem: ErrorDetails) -> str:
    field, kind = _path(problem["loc"]), problem["type"]
    if kind == "extra_forbidden":
        nested = len(problem["loc"]) > 1
        hint = "is not a field" if nested else f"is not a parameter of {action}{_nearest(field, model)}"
        return f"{field}: {hint}"
    if kind in ("value_error", "assertion_error"):
        reason = problem["msg"].split(", ", 1)[-1]
        return f"{field}: {reason}" if field else reason
    if kind == "finite_number" and len(problem["loc"]) > 1:
        # The path within a JSON value would name pydantic's branches, too.
        return f"{_path(problem['loc'][:1])}: holds {_shown(problem['input'])}, which JSON does not have"
    reason = _PLAIN_REASONS.get(kind) or problem["msg"].replace("Input should", "must", 1)
    # pydantic cannot name a parameter whose name is no text.
    place = f"{field}: " if field else ""
    return f"{place}{reason}" if kind == "missing" else f"{place}{reason}, got {_shown(problem['input'])}"


def _nearest(field: str, model: type[BaseModel]) -> str:
    return did_you_mean(field, model.model_fields)


def _path(loc: tuple[int | str, ...]) -> str:
    # Deep inside something nested without end, the parameter's name says more than the whole path.
    if len(loc) > _MAX_PATH_PARTS:
        loc = loc[:1]
    path = ""
    for part in loc:
        path += f"[{part}]" if isinstance(part, int) else f".{_cut(part)}" if path else _cut(part)
    return path


def _model_output(model: type[BaseModel]) -> Callable[[Any], Output]:
    validate = model.__pydantic_validator__.validate_python
    dump = model.__pydantic_serializer__.to_python
    verify = _dump_validator(model)
    plain = plain_output(model)

    def validated(value: object) -> Output:
        if not isinstance(value, model):
            value = validate(value)
        if plain is not None and type(value) is model:
            held = plain(value)
            if held is not None:
                return held
        output: Output = dump(value, mode="json", by_alias=True, warnings="error")
        # An instance can be made or changed without validation, so what leaves is what is checked.
        verify(output)
        return output

    return validated


def _dump_validator(model: type[BaseModel]) -> Callable[[Output], object]:
    """The check of what leaves: against the very schema that hosts are shown, where the `fast` extra is installed.

    It takes an eighth of the time of pydantic's, which builds every record once more. A model with validators of its
    own says more than its schema, so there it is pydantic's.
    """
    validate = model.__pydantic_validator__.validate_python
    if find_spec("jsonschema_rs") is None or "'type': 'function-" in repr(model.__pydantic_core_schema__):
        return validate
    from jsonschema_rs import Draft202012Validator  # noqa: PLC0415 - an extra, and 6 ms

    fits = Draft202012Validator(output_schema(model)).is_valid

    def verify(output: Output) -> None:
        if not fits(output):
            validate(output)
            raise ValueError("the output does not satisfy its schema")

    return verify


def _schema_output(schema: Mapping[str, Any]) -> Callable[[Any], Output]:
    validate = _schema_validator(schema)

    def validated(value: object) -> Output:
        if not isinstance(value, dict):
            raise TypeError(f"the handler returned {type(value).__name__}, not a dict")
        try:
            return validate(to_jsonable_python(value, inf_nan_mode="null"))
        except ActionError as error:
            # The caller's input is not at fault.
            raise ValueError(error.message) from None

    return validated


def _schema_validator(
    schema: Mapping[str, Any], *, null_is_absent: bool = False
) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Make the function that validates an object and returns a copy with the defaults of absent properties filled in.

    The function raises `ActionError` with `invalid_input`, naming the property.

    Args:
        schema: Of type object.
        null_is_absent: Treat a null as left out where the property is optional and its schema does not allow null.

    Raises:
        jsonschema.SchemaError: The schema itself is not valid.
    """
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - 85 ms, which models need not pay

    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    properties = schema.get("properties", {})
    defaults = {
        name: value["default"]
        for name, value in properties.items()
        if isinstance(value, Mapping) and "default" in value
    }
    optional = properties.keys() - set(schema.get("required", ()))
    dropped = {
        name for name in optional if null_is_absent and not validator.evolve(schema=properties[name]).is_valid(None)
    }
    closed = schema.get("additionalProperties") is False

    def validated(value: dict[str, Any]) -> dict[str, Any]:
        unknown = [name for name in value if name not in properties] if closed else []
        if unknown:
            name = str(unknown[0])
            raise ActionError(
                ErrorCode.INVALID_INPUT, f"{_cut(name)}: is not a parameter{did_you_mean(name, properties)}"
            )
        if dropped and None in value.values():
            value = {name: item for name, item in value.items() if item is not None or name not in dropped}
        error = next(validator.iter_errors(value), None)
        if error is not None:
            raise ActionError(ErrorCode.INVALID_INPUT, _explain_schema_error(error))
        # A handler may change what it is given, and the next call must not see that.
        return deepcopy(defaults) | value

    return validated


def _explain_schema_error(error: "jsonschema.ValidationError") -> str:
    path = error.json_path.removeprefix("$").removeprefix(".")
    if error.validator == "required":
        required: Any = error.validator_value
        present: Any = error.instance
        missing = next(name for name in required if name not in present)
        return f"{_cut(f'{path}.{missing}'.removeprefix('.'))}: is required"
    reason = error.message.replace(repr(error.instance), _shown(error.instance))
    return f"{_cut(path)}: {reason:.200}" if path else f"{reason:.200}"


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_SHOWN else text[:_MAX_SHOWN] + "…"


def _shown(value: object) -> str:
    """A little of what a caller passed, as an error may quote it."""
    if isinstance(value, str):
        return repr(value) if len(value) <= _MAX_SHOWN else f"{value[:_MAX_SHOWN]!r}…"
    if isinstance(value, int) and abs(value) >= 10**_MAX_SHOWN:
        # Python refuses to write out integers of thousands of digits.
        return "a huge number"
    if isinstance(value, int | float | bool) or value is None:
        return repr(value)
    return f"a value of type {type(value).__name__}"
