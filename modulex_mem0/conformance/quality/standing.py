"""Measures where an integration stands on the scale."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from modulex_mem0.conformance.checking import Report
from modulex_mem0.conformance.finding import Finding, Level
from modulex_mem0.conformance.quality.exemptions import Exemptions
from modulex_mem0.conformance.quality.scale import NO_ADVICE, SCALE, Quality

__all__ = ["Standing", "Status", "standing"]

Status = Literal["done", "exempt", "todo", "not measured"]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an integration stands.

    Attributes:
        quality: The highest level whose rules, and those of all below, are done or exempt.
        rules: The status of each rule of the scale.
    """

    quality: Quality
    rules: Mapping[str, Status]

    @property
    def missing(self) -> tuple[str, ...]:
        """The rules of the next level that are not kept yet."""
        if self.quality is Quality.PLATINUM:
            return ()
        return tuple(rule for rule in SCALE[Quality(self.quality + 1)] if self.rules[rule] not in ("done", "exempt"))


def standing(report: Report, exemptions: Exemptions) -> Standing:
    """Measure: a rule is done when it was applied and found no error, exempt when all that it found is excused."""
    counted, excused = exemptions.split(report.findings)
    rules = {
        rule: _status(rule, report.applied, counted, [finding for finding, _ in excused])
        for listed in SCALE.values()
        for rule in listed
    }
    reached = Quality.NONE
    for quality, listed in SCALE.items():
        if any(rules[rule] not in ("done", "exempt") for rule in listed):
            break
        reached = quality
    return Standing(reached, rules)


def _status(rule: str, applied: frozenset[str], counted: Iterable[Finding], excused: Iterable[Finding]) -> Status:
    if rule == NO_ADVICE:
        return "todo" if any(finding.level is Level.ADVICE for finding in counted) else "done"
    if rule not in applied:
        return "not measured"
    if any(finding.rule == rule and finding.level is Level.ERROR for finding in counted):
        return "todo"
    return "exempt" if any(finding.rule == rule for finding in excused) else "done"
