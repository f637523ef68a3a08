"""A probe: calls an action as a host, a caller or a service might, and yields findings."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from modulex_mem0.conformance.findings import Finding, error
from modulex_mem0.conformance.testbed import AnyAction, Testbed

__all__ = ["Probe", "probe"]

Attempt = Callable[[Testbed, AnyAction], AsyncIterator[Finding]]
# The first few findings of one probe in one action show the fault; more would only repeat it.
_MOST_FINDINGS = 5


@dataclass(frozen=True, slots=True)
class Probe:
    """One probe.

    Attributes:
        name: Its name in reports, exemptions and tests; that of its function.
        title: What holds where nothing is found, in a sentence.
        attempt: Yields the findings in one action.
    """

    name: str
    title: str
    attempt: Attempt

    async def findings(self, testbed: Testbed, action: AnyAction) -> list[Finding]:
        """Apply the probe to one action; returns the first few findings."""
        found: list[Finding] = []
        async for finding in self.attempt(testbed, action):
            found.append(finding.found_by(self.name))
            if len(found) >= _MOST_FINDINGS:
                break
        if testbed.foreign:
            # What went elsewhere was not answered by the testbed, so the probe has shown nothing.
            found.append(
                error(
                    f"actions.{action.name}",
                    f"A connection to {testbed.foreign[0]} was attempted.",
                    "Send requests through context.http alone, and follow no link or redirect elsewhere.",
                    self.name,
                )
            )
            testbed.foreign.clear()
        return found


def probe(title: str) -> Callable[[Attempt], Probe]:
    """Declare an async generator as the probe of its name."""

    def declare(attempt: Attempt) -> Probe:
        return Probe(getattr(attempt, "__name__", repr(attempt)), title, attempt)

    return declare
