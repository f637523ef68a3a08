"""The findings of rules and probes: where, how severe, why, and how to fix it; and the report that collects them."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from enum import StrEnum

__all__ = ["Finding", "Level", "Report", "advice", "error", "only_errors"]


class Level(StrEnum):
    """How severe a finding is."""

    #: A host or a caller is misled, or a secret or another user's data is at risk.
    ERROR = "error"
    #: It works, but could serve people better.
    ADVICE = "advice"


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem of an integration.

    Attributes:
        level: How severe it is.
        place: A path through the manifest, such as `actions.search.input.limit`.
        reason: What is wrong, in a sentence.
        fix: What to do about it, in a sentence.
        rule: The rule or probe that found it. Rules leave it empty; it is filled in where they are applied.
    """

    level: Level
    place: str
    reason: str
    fix: str
    rule: str = ""

    def found_by(self, rule: str) -> "Finding":
        """The finding with the name of the rule or probe that found it."""
        return replace(self, rule=rule)

    def as_data(self) -> dict[str, str]:
        """The finding for programs."""
        return asdict(self)

    def __str__(self) -> str:
        return f"{self.level} {self.rule} at {self.place}: {self.reason} {self.fix}"


def error(place: str, reason: str, fix: str, rule: str = "") -> Finding:
    """A finding that has to be fixed."""
    return Finding(Level.ERROR, place, reason, fix, rule)


def advice(place: str, reason: str, fix: str, rule: str = "") -> Finding:
    """A finding that should be fixed."""
    return Finding(Level.ADVICE, place, reason, fix, rule)


def only_errors(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings that have to be fixed."""
    return tuple(finding for finding in findings if finding.level is Level.ERROR)


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that was found in one integration.

    Attributes:
        integration: Its name.
        version: Its version.
        findings: In the order of the rules; errors and advice.
        applied: The rules that were applied; a rule that was not cannot count as kept.
    """

    integration: str
    version: str
    findings: tuple[Finding, ...]
    applied: frozenset[str]

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that have to be fixed."""
        return only_errors(self.findings)

    def extended(self, findings: Iterable[Finding], applied: Iterable[str]) -> "Report":
        """The report with the findings of further rules or probes."""
        return Report(self.integration, self.version, (*self.findings, *findings), self.applied | frozenset(applied))
