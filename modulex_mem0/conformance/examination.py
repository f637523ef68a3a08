"""Everything that the kit can say of an installed integration: rules, probes, exemptions, quality."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from modulex_mem0.conformance.checking import Report, check
from modulex_mem0.conformance.finding import Finding, Level, error
from modulex_mem0.conformance.probes import PROBES
from modulex_mem0.conformance.probing import probe_integration
from modulex_mem0.conformance.quality.exemptions import Exemptions, declared_exemptions
from modulex_mem0.conformance.quality.standing import Standing, standing
from modulex_mem0.contract import IntegrationManifest
from modulex_mem0.runtime import Registry

__all__ = ["Examination", "examine"]


@dataclass(frozen=True, slots=True)
class Examination:
    """The outcome for one integration.

    Attributes:
        integration: Its name.
        version: Its version.
        distribution: The installed package that brings it.
        findings: What counts.
        excused: What was found and is excused, with the reason.
        standing: Where it stands on the quality scale.
    """

    integration: str
    version: str
    distribution: str
    findings: tuple[Finding, ...]
    excused: tuple[tuple[Finding, str], ...]
    standing: Standing

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that have to be mended."""
        return tuple(finding for finding in self.findings if finding.level is Level.ERROR)


def examine(
    registry: Registry, name: str, *, released: IntegrationManifest | None = None, calls: bool = True
) -> Examination:
    """Examine an installed integration. Never raises for anything that the integration does.

    Args:
        registry: What was discovered.
        name: One of its integrations.
        released: The manifest that it has to be compatible with.
        calls: Whether to call its actions too, against a server on this machine.
    """
    integration, distribution = registry[name], registry.distribution_of(name)
    rivals = tuple(failure.distribution for failure in registry.failures if failure.name == name)
    report = check(integration, released=released, rivals=rivals)
    if calls and report.version != "?":
        report = _with_calls(report, lambda: probe_integration(integration))
    exemptions, faults = _exemptions(distribution)
    counted, excused = exemptions.split(report.findings)
    return Examination(
        integration=name,
        version=report.version,
        distribution=distribution,
        findings=(*counted, *faults),
        excused=tuple(excused),
        standing=standing(report, exemptions),
    )


def _with_calls(report: Report, calls: Callable[[], list[Finding]]) -> Report:
    applied = [one.name for one in PROBES]
    try:
        return report.with_more(calls(), applied)
    except (Exception, SystemExit) as reason:
        broken = error(
            report.integration,
            f"The actions cannot be called: {type(reason).__name__}: {str(reason)[:300]}.",
            "Mend the other findings first; if it stays, report it.",
        )
        return report.with_more([broken.found_by("calls")], ())


def _exemptions(distribution: str) -> tuple[Exemptions, Iterable[Finding]]:
    try:
        exemptions = declared_exemptions(distribution)
    except ValueError as reason:
        return Exemptions(), [error(distribution, f"{reason}.", "Correct the file.").found_by("exemptions")]
    return exemptions, tuple(exemptions.faults())
