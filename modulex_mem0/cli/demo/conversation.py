"""What the people in the story say."""

from typing import Any, Final

__all__ = ["ALICE", "ALICE_SAYS", "BEST", "BOB", "BOB_SAYS", "REMEMBERED", "SEARCHED"]

ALICE: Final = "alice"
BOB: Final = "bob"

ALICE_SAYS: Final[list[dict[str, Any]]] = [
    {"role": "user", "content": "Hi! I'm Alice. I moved to Lisbon in March for a new job."},
    {"role": "assistant", "content": "Welcome! What should I keep in mind for you?"},
    {"role": "user", "content": "I'm a vegetarian and allergic to peanuts. I play tennis."},
    {"role": "assistant", "content": "Noted. Shall I find a place for tonight?"},
    {"role": "user", "content": "Yes, please! I like quiet restaurants."},
]
#: How many of her statements are worth remembering: all but the greeting and the thanks.
REMEMBERED: Final = 5

SEARCHED: Final = "vegetarian restaurants that are quiet"
BEST: Final = "I like quiet restaurants"

BOB_SAYS: Final = "My door code is 4711."
