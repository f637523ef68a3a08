"""The one deadline of a call."""

import asyncio

__all__ = ["Deadline"]


class Deadline:
    """A moment on the running event loop's clock.

    Args:
        seconds: From now.
    """

    __slots__ = ("_clock", "at")

    def __init__(self, seconds: float) -> None:
        self._clock = asyncio.get_running_loop().time
        self.at = self._clock() + seconds

    def remaining(self) -> float:
        """Seconds left; at most zero once it has passed."""
        return self.at - self._clock()
