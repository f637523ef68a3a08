"""The base of everything that an integration declares about itself."""

from pydantic import BaseModel, ConfigDict

__all__ = ["Declared"]


class Declared(BaseModel):
    """A part of a declaration: immutable, and closed, so that a misspelt field is an error and not a silence."""

    model_config = ConfigDict(extra="forbid", frozen=True)
