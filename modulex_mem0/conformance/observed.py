"""A call and what was seen of it."""

import json
from dataclasses import dataclass

from modulex_mem0.conformance.faults import Request
from modulex_mem0.conformance.listening import Heard
from modulex_mem0.runtime import Result

__all__ = ["Observed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """See the module.

    Attributes:
        result: What the runtime answered; None where the call raised.
        raised: What it raised instead.
        requests: What arrived at the service.
        heard: Log lines and printed text.
    """

    result: Result | None
    raised: BaseException | None
    requests: list[Request]
    heard: Heard

    @property
    def code(self) -> str:
        """The error's code; empty on success."""
        return "" if self.result is None or self.result.error is None else str(self.result.error.code)

    @property
    def succeeded(self) -> bool:
        """Whether the call answered with success."""
        return self.result is not None and self.result.success

    @property
    def text(self) -> str:
        """Everything that the call showed to anybody."""
        if self.result is None:
            return f"{self.raised!r} {self.heard.text}"
        return f"{json.dumps(self.result.output)} {self.result!r} {self.heard.text}"
