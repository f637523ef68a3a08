"""How much a run measures."""

from dataclasses import dataclass

__all__ = ["FULL", "QUICK", "Load", "Plan"]


@dataclass(frozen=True, slots=True)
class Load:
    """One way to call: over which scheme, for how many records, how many at once."""

    scheme: str
    records: int
    at_once: int


@dataclass(frozen=True, slots=True)
class Plan:
    """A run.

    Attributes:
        name: For the report.
        loads: What every contender is put through.
        rounds: How often; the contenders take turns within each.
        seconds: How long one contender's turn lasts.
        watched: Loads under which the longest step of the event loop is looked for, and on which contenders.
        cold_rounds: How often each program is started.
        lasting_calls: How many calls the memory case makes.
        installed: How many integrations the growth case installs.
    """

    name: str
    loads: tuple[Load, ...]
    rounds: int
    seconds: float
    watched: tuple[Load, ...]
    cold_rounds: int
    lasting_calls: int
    installed: int = 200


FULL = Plan(
    name="full",
    loads=(
        *(Load("http", 10, at_once) for at_once in (1, 32, 128)),
        *(Load("http", 200, at_once) for at_once in (1, 32)),
        *(Load("http", 1000, at_once) for at_once in (1, 32)),
        *(Load("https", 10, at_once) for at_once in (1, 32, 128)),
    ),
    rounds=11,
    seconds=0.35,
    watched=(Load("http", 200, 1), Load("http", 1000, 1), Load("http", 1000, 32)),
    cold_rounds=15,
    lasting_calls=100_000,
)

QUICK = Plan(
    name="quick",
    loads=(
        *(Load("http", 10, at_once) for at_once in (1, 32, 128)),
        Load("http", 1000, 1),
        Load("https", 10, 32),
    ),
    rounds=3,
    seconds=0.3,
    watched=(Load("http", 1000, 1),),
    cold_rounds=3,
    lasting_calls=10_000,
)
