"""Applies every rule to an integration and collects everything that they find."""

from collections.abc import Iterable
from dataclasses import dataclass

from modulex_mem0.conformance.finding import Finding, Level, error
from modulex_mem0.conformance.rule import Rule
from modulex_mem0.conformance.rules import RULES
from modulex_mem0.conformance.subject import Subject
from modulex_mem0.contract import Integration, IntegrationManifest

__all__ = ["LOADS", "Report", "check"]

#: The name under which it is reported that an integration's own code cannot give a manifest.
LOADS = "loads"


@dataclass(frozen=True, slots=True)
class Report:
    """What was found.

    Attributes:
        integration: Its name.
        version: Its version.
        findings: In the order of the rules; errors and advice.
        applied: The names of the rules that were applied, so that nothing counts as kept that was not looked at.
    """

    integration: str
    version: str
    findings: tuple[Finding, ...]
    applied: frozenset[str]

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that have to be mended."""
        return tuple(finding for finding in self.findings if finding.level is Level.ERROR)

    def with_more(self, findings: Iterable[Finding], applied: Iterable[str]) -> "Report":
        """The report with what else was found, by calls for example."""
        return Report(self.integration, self.version, (*self.findings, *findings), self.applied | frozenset(applied))


def check(
    integration: Integration,
    *,
    released: IntegrationManifest | None = None,
    rivals: tuple[str, ...] = (),
    rules: Iterable[Rule] = RULES,
) -> Report:
    """Apply rules to an integration. Never raises for anything that the integration does.

    Args:
        integration: As its plugin returned it.
        released: The manifest that this one has to be compatible with.
        rivals: Other installed distributions that want the same name.
        rules: All of them unless told.
    """
    try:
        name, version = integration.name, integration.profile.version
        subject = Subject.of(integration, released=released, rivals=rivals)
    except (Exception, SystemExit) as reason:
        shown = getattr(getattr(integration, "profile", None), "name", "?")
        broken = error(
            str(shown),
            f"The manifest cannot be derived: {type(reason).__name__}: {str(reason)[:300]}.",
            "Import the actions in a fresh interpreter and mend what is raised; nothing else was checked.",
        )
        return Report(str(shown), "?", (broken.found_by(LOADS),), frozenset({LOADS}))
    chosen = tuple(rules)
    findings = [finding for one in chosen for finding in one.findings(subject)]
    return Report(name, version, tuple(findings), frozenset({LOADS, *(one.name for one in chosen)}))
