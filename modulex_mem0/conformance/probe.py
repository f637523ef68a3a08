"""A probe: calls an action in a way that a host, a caller or a service may, and yields what it finds."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from modulex_mem0.conformance.bench import AnyAction, Bench
from modulex_mem0.conformance.finding import Finding, Problem, error

__all__ = ["Probe", "probe"]

Attempt = Callable[[Bench, AnyAction], AsyncIterator[Problem]]
# Of one kind of fault in one action, the first few tell enough.
_MOST_FINDINGS = 5


@dataclass(frozen=True, slots=True)
class Probe:
    """One probe.

    Attributes:
        name: What reports, exemptions and tests call it by; the name of its module.
        title: What holds where nothing is found, in a sentence.
        attempt: Yields the problems of one action.
    """

    name: str
    title: str
    attempt: Attempt

    async def findings(self, bench: Bench, action: AnyAction) -> list[Finding]:
        """What the probe finds in one action, at most a few of each kind."""
        found: list[Finding] = []
        async for problem in self.attempt(bench, action):
            found.append(problem.found_by(self.name))
            if len(found) >= _MOST_FINDINGS:
                break
        if bench.foreign:
            # What went elsewhere was not answered by the bench, so this probe has shown nothing.
            found.append(
                error(
                    f"actions.{action.name}",
                    f"A connection to {bench.foreign[0]} was attempted.",
                    "Send requests through context.http alone, and follow no link or redirect elsewhere.",
                ).found_by(self.name)
            )
            bench.foreign.clear()
        return found


def probe(title: str) -> Callable[[Attempt], Probe]:
    """Declare an async generator as the probe of its name."""

    def declare(attempt: Attempt) -> Probe:
        return Probe(getattr(attempt, "__name__", repr(attempt)), title, attempt)

    return declare
