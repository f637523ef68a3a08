"""The demo checks its own story."""

__all__ = ["StoryError", "expect"]


class StoryError(Exception):
    """Something in the story was not as it should be; the message says what was expected."""


def expect(held: bool, what: str) -> None:
    """Go on only if the story holds.

    Args:
        held: Whether it does.
        what: What was expected, for the message.

    Raises:
        StoryError: It does not.
    """
    if not held:
        raise StoryError(f"expected {what}")
