"""The context of one call, as the contract describes it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pydantic import SecretStr

from modulex_mem0.contract import HttpClient
from modulex_mem0.runtime.deadline import Deadline

__all__ = ["CallContext", "Progress", "ProgressListener"]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a long call is: a message for people, and numbers where the action knows them."""

    message: str
    done: float | None = None
    total: float | None = None


ProgressListener = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class CallContext:
    """Implements `modulex_mem0.contract.Context`."""

    credential: Mapping[str, str | SecretStr]
    http: HttpClient
    deadline: Deadline
    listener: ProgressListener | None = None

    def remaining(self) -> float:
        """Seconds until the call's deadline."""
        return self.deadline.remaining()

    def report(self, message: str, *, done: float | None = None, total: float | None = None) -> None:
        """Tell the listener, if there is one."""
        if self.listener is not None:
            self.listener(Progress(message, done, total))
