"""Checks values against bare JSON Schemas, for integrations that bring no models."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from modulex_mem0.contract import ActionError, ErrorCode
from modulex_mem0.runtime.shown import cut, shown
from modulex_mem0.runtime.suggestion import did_you_mean

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

__all__ = ["schema_check"]


def schema_check(
    schema: Mapping[str, Any], *, null_is_absent: bool = False
) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Make the function that checks an object: it returns a copy with the defaults of absent properties filled in.

    The function raises `ActionError` with `invalid_input`, naming the property.

    Args:
        schema: Of type object.
        null_is_absent: Take a null as left out where the property may be left out and its schema has no null.

    Raises:
        jsonschema.SchemaError: The schema itself is not valid.
    """
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - a fifth of a second, which models need not pay

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

    def check(value: dict[str, Any]) -> dict[str, Any]:
        unknown = [name for name in value if name not in properties] if closed else []
        if unknown:
            name = str(unknown[0])
            raise ActionError(
                ErrorCode.INVALID_INPUT, f"{cut(name)}: is not a parameter{did_you_mean(name, properties)}"
            )
        if dropped and None in value.values():
            value = {name: item for name, item in value.items() if item is not None or name not in dropped}
        error = next(validator.iter_errors(value), None)
        if error is not None:
            raise ActionError(ErrorCode.INVALID_INPUT, _told(error))
        # A handler may change what it is given, and the next call must not see that.
        return deepcopy(defaults) | value

    return check


def _told(error: "ValidationError") -> str:
    path = error.json_path.removeprefix("$").removeprefix(".")
    if error.validator == "required":
        required: Any = error.validator_value
        present: Any = error.instance
        missing = next(name for name in required if name not in present)
        return f"{cut(f'{path}.{missing}'.removeprefix('.'))}: is required"
    reason = error.message.replace(repr(error.instance), shown(error.instance))
    return f"{cut(path)}: {reason:.200}" if path else f"{reason:.200}"
