"""What a host must know of an action before it calls it."""

from typing import Self

from pydantic import Field, model_validator

from modulex_mem0.contract.declared import Declared

__all__ = ["Hints"]


class Hints(Declared):
    """How an action behaves. Hosts show it, and the retry policy follows it."""

    read_only: bool = Field(default=False, description="The action changes nothing.")
    idempotent: bool = Field(default=False, description="Repeating a call has no further effect.")
    destructive: bool = Field(default=False, description="The action may delete or overwrite what was stored.")
    project_wide: bool = Field(
        default=False, description="The action reaches beyond one user, to everything the credential can see."
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.read_only and self.destructive:
            raise ValueError("an action cannot be read_only and destructive at once")
        return self

    @property
    def repeatable(self) -> bool:
        """True when sending the same request twice does no harm, so that a failed one may be retried."""
        return self.read_only or self.idempotent
