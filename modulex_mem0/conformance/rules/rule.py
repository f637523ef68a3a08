"""A rule about declarations: a named function that yields findings, and the subject that it looks at."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from modulex_mem0.conformance.findings import Finding, error
from modulex_mem0.contract import Integration, IntegrationManifest

__all__ = ["Rule", "Subject", "rule"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """An integration under check.

    Attributes:
        integration: As its plugin returned it.
        manifest: Derived from the declarations.
        recorded: The manifest that hosts see, which may have been recorded earlier.
        released: The manifest of the last release, which this one must be compatible with; None for a first one.
        rivals: Other installed distributions that claim the same name.
    """

    integration: Integration
    manifest: IntegrationManifest
    recorded: IntegrationManifest
    released: IntegrationManifest | None = None
    rivals: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, integration: Integration, *, released: IntegrationManifest | None = None, rivals: tuple[str, ...] = ()
    ) -> "Subject":
        """Load an integration.

        Raises:
            Exception: Whatever the integration's own code raises.
        """
        return cls(
            integration=integration,
            manifest=integration.describe(),
            recorded=integration.manifest,
            released=released,
            rivals=rivals,
        )

    def schemas(self) -> list[tuple[str, dict[str, object]]]:
        """Both schemas of each action, each with its place."""
        return [
            (f"actions.{action.name}.{side}", schema)
            for action in self.manifest.actions
            for side, schema in (("input", action.input_schema), ("output", action.output_schema))
        ]


Check = Callable[[Subject], Iterable[Finding]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes:
        name: Its name in reports and exemptions; that of its function.
        title: What holds where the rule is kept, in a sentence.
        check: Yields the findings.
    """

    name: str
    title: str
    check: Check

    def findings(self, subject: Subject) -> Iterator[Finding]:
        """Apply the rule. One that cannot be applied is itself a finding, and does not affect the others."""
        try:
            for finding in self.check(subject):
                yield finding.found_by(self.name)
        except Exception as reason:
            yield error(
                subject.manifest.name,
                f"The rule cannot be applied: {type(reason).__name__}: {str(reason)[:200]}.",
                "Fix the other findings first; if this one remains, report it.",
                self.name,
            )


def rule(title: str) -> Callable[[Check], Rule]:
    """Declare a function as the rule of its name."""

    def declare(check: Check) -> Rule:
        return Rule(getattr(check, "__name__", repr(check)), title, check)

    return declare
