"""The context of one call, as the contract describes it."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pydantic import SecretStr

from modulex_mem0.contract import AuthScheme, HttpClient
from modulex_mem0.runtime.deadline import Deadline

__all__ = ["CallContext", "Progress", "ProgressListener", "Secrets"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a long call is: a message for people, and numbers where the action knows them."""

    message: str
    done: float | None = None
    total: float | None = None


ProgressListener = Callable[[Progress], None]


class Secrets:
    """A credential, and whether the handler has looked at it: only then can it come out with the output."""

    __slots__ = ("_values", "were_read")

    def __init__(self, values: Mapping[str, str | SecretStr]) -> None:
        self._values = values
        self.were_read = False

    def read(self) -> Mapping[str, str | SecretStr]:
        """The values by field name."""
        self.were_read = True
        return self._values


@dataclass(frozen=True, slots=True)
class CallContext:
    """Implements `modulex_mem0.contract.Context`."""

    secrets: "Secrets"
    http: HttpClient
    deadline: Deadline
    listener: ProgressListener | None = None
    scheme: AuthScheme | None = None

    @property
    def credential(self) -> Mapping[str, str | SecretStr]:
        """The resolved credential by field name."""
        return self.secrets.read()

    def remaining(self) -> float:
        """Seconds until the call's deadline."""
        return self.deadline.remaining()

    def report(self, message: str, *, done: float | None = None, total: float | None = None) -> None:
        """Tell the listener, if there is one; what it raises is its own fault and does not end the call."""
        if self.listener is None:
            return
        try:
            self.listener(Progress(message, done, total))
        except Exception as error:
            # No traceback: it could show what the host keeps secret.
            logger.warning("a progress listener raised %s", type(error).__name__)
