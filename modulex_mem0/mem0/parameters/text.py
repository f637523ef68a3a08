"""Text parameters."""

from typing import Annotated

from pydantic import AfterValidator

__all__ = ["NonBlank"]


def _not_blank(value: str) -> str:
    if not value.strip():
        raise ValueError("must be non-empty text")
    return value


#: Text that holds more than white space; kept as it is.
NonBlank = Annotated[str, AfterValidator(_not_blank)]
