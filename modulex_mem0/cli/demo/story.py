"""The story from beginning to end."""

from collections.abc import Awaitable, Callable

from modulex_mem0.cli.demo.authenticating import show_authentication, try_credentials
from modulex_mem0.cli.demo.discovering import discover, show_palette
from modulex_mem0.cli.demo.expecting import StoryError
from modulex_mem0.cli.demo.recalling import list_memories, search
from modulex_mem0.cli.demo.refusing import refuse
from modulex_mem0.cli.demo.remembering import remember
from modulex_mem0.cli.demo.stage import Stage

__all__ = ["tell"]

_STEPS: tuple[tuple[str, Callable[[Stage], Awaitable[None]]], ...] = (
    ("Discover what is installed", discover),
    ("Show how to authenticate", show_authentication),
    ("Test the credential", try_credentials),
    ("Put the actions on the palette", show_palette),
    ("Add a conversation", remember),
    ("Search the memories", search),
    ("List them by date, page by page", list_memories),
    ("Refuse what cannot be right", refuse),
)


async def tell(stage: Stage) -> int:
    """Tell the story.

    Returns:
        How many steps it had.

    Raises:
        StoryError: A step did not do what it should; the message names it.
    """
    for number, (title, step) in enumerate(_STEPS, 1):
        stage.page.heading(number, title)
        try:
            await step(stage)
        except StoryError as error:
            raise StoryError(f"step {number} ({title}): {error}") from None
    return len(_STEPS)
