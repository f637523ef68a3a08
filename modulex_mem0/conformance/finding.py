"""What a rule or a probe finds: where, how bad, why, and how to mend it."""

from dataclasses import asdict, dataclass
from enum import StrEnum

__all__ = ["Finding", "Level", "Problem", "advice", "error"]


class Level(StrEnum):
    """How bad a finding is."""

    #: A host or a caller is misled, or a secret or another's data is at risk.
    ERROR = "error"
    #: It works, and could serve people better.
    ADVICE = "advice"


@dataclass(frozen=True, slots=True)
class Problem:
    """A finding before it is known which rule found it.

    Attributes:
        level: How bad it is.
        place: A path through the manifest, such as `actions.search.input.limit`.
        reason: What is wrong, in a sentence.
        mend: What to do about it, in a sentence.
    """

    level: Level
    place: str
    reason: str
    mend: str

    def found_by(self, rule: str) -> "Finding":
        """The finding of a rule."""
        return Finding(self.level, self.place, self.reason, self.mend, rule)


@dataclass(frozen=True, slots=True)
class Finding(Problem):
    """A problem and the rule that found it."""

    rule: str

    def as_data(self) -> dict[str, str]:
        """The finding for programs."""
        return asdict(self)

    def __str__(self) -> str:
        return f"{self.level} {self.rule} at {self.place}: {self.reason} {self.mend}"


def error(place: str, reason: str, mend: str) -> Problem:
    """A problem that has to be mended."""
    return Problem(Level.ERROR, place, reason, mend)


def advice(place: str, reason: str, mend: str) -> Problem:
    """A problem that is better mended."""
    return Problem(Level.ADVICE, place, reason, mend)
