"""Checks values against bare JSON Schemas, for integrations that bring no models."""

from collections.abc import Callable, Mapping
from typing import Any

from modulex_mem0.contract import ActionError, ErrorCode
from modulex_mem0.runtime.suggestion import did_you_mean

__all__ = ["schema_check"]


def schema_check(schema: Mapping[str, Any]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Make the function that checks an object: it returns a copy with the defaults of absent properties filled in.

    The function raises `ActionError` with `invalid_input`, naming the property.

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
    closed = schema.get("additionalProperties") is False

    def check(value: dict[str, Any]) -> dict[str, Any]:
        unknown = [name for name in value if name not in properties] if closed else []
        if unknown:
            raise ActionError(
                ErrorCode.INVALID_INPUT,
                f"{unknown[0]!s:.60}: is not a parameter{did_you_mean(str(unknown[0]), properties)}",
            )
        error = next(validator.iter_errors(value), None)
        if error is not None:
            raise ActionError(ErrorCode.INVALID_INPUT, f"{error.json_path.removeprefix('$.')}: {error.message:.200}")
        return defaults | value

    return check
