"""Objects and lists, which a text field of a form sends as JSON text."""

import json
from typing import Annotated

from pydantic import BeforeValidator, JsonValue

from modulex_mem0.mem0.parameters.text import NonBlank

__all__ = ["JsonObject", "JsonObjects", "TextList", "read_json_text", "read_list"]


def read_json_text(value: object) -> object:
    """A string that holds a JSON object or list as that value; everything else as it is.

    Raises:
        ValueError: The string begins like one but is not valid JSON.
    """
    if not isinstance(value, str) or value.lstrip()[:1] not in ("[", "{"):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        raise ValueError("begins like JSON but is not valid JSON") from None


def read_list(value: object) -> object:
    """Forms send short lists as text with commas, too."""
    if isinstance(value, str) and value.lstrip()[:1] not in ("[", "{"):
        return [part.strip() for part in value.split(",")]
    return read_json_text(value)


JsonObject = Annotated[dict[str, JsonValue], BeforeValidator(read_json_text)]
TextList = Annotated[list[NonBlank], BeforeValidator(read_list)]
JsonObjects = Annotated[list[dict[str, JsonValue]], BeforeValidator(read_json_text)]
