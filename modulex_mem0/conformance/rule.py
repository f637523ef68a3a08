"""A rule about a declaration: a function with a name, that yields what it finds."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from modulex_mem0.conformance.finding import Finding, Problem, error
from modulex_mem0.conformance.subject import Subject

__all__ = ["Rule", "rule"]

Check = Callable[[Subject], Iterable[Problem]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes:
        name: What reports and exemptions call it by; the name of its module.
        title: What holds where the rule is kept, in a sentence.
        check: Yields the problems.
    """

    name: str
    title: str
    check: Check

    def findings(self, subject: Subject) -> Iterator[Finding]:
        """Everything that the rule finds; one that cannot be applied is itself a finding, and stops no other."""
        try:
            for problem in self.check(subject):
                yield problem.found_by(self.name)
        except Exception as reason:
            yield error(
                subject.manifest.name,
                f"The rule cannot be applied: {type(reason).__name__}: {str(reason)[:200]}.",
                "Mend the other findings first; if it stays, report it.",
            ).found_by(self.name)


def rule(title: str) -> Callable[[Check], Rule]:
    """Declare a function as the rule of its name."""

    def declare(check: Check) -> Rule:
        return Rule(getattr(check, "__name__", repr(check)), title, check)

    return declare
