"""The check of a whole integration: its declarations by rules, its calls by probes, and the quality that results."""

from collections.abc import Iterable
from dataclasses import dataclass

from modulex_mem0.conformance.findings import Finding, Report, error, only_errors
from modulex_mem0.conformance.probes import PROBES, Probe
from modulex_mem0.conformance.quality import Exemptions, QualityReport, declared_exemptions, measure_quality
from modulex_mem0.conformance.rules import RULES, Rule, Subject
from modulex_mem0.conformance.testbed import ServiceFixture, open_testbed, run
from modulex_mem0.contract import Integration, IntegrationManifest
from modulex_mem0.runtime import Registry, reason_of

__all__ = ["LOADS", "Examination", "check", "examine", "probe_integration"]

#: The name under which it is reported that an integration's own code cannot produce a manifest.
LOADS = "loads"

# Stands for the version of an integration that does not load.
_UNKNOWN = "?"


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
        rivals: Other installed distributions that claim the same name.
        rules: All of them by default.
    """
    try:
        name, version = integration.name, integration.profile.version
        subject = Subject.of(integration, released=released, rivals=rivals)
    except (Exception, SystemExit) as reason:
        shown = str(getattr(getattr(integration, "profile", None), "name", "?"))
        broken = error(
            shown,
            f"The manifest cannot be derived: {reason_of(reason, with_place=True)}.",
            "Correct what raises it; nothing else was checked.",
            LOADS,
        )
        return Report(shown, _UNKNOWN, (broken,), frozenset({LOADS}))
    chosen = tuple(rules)
    findings = [finding for rule in chosen for finding in rule.findings(subject)]
    return Report(name, version, tuple(findings), frozenset({LOADS, *(rule.name for rule in chosen)}))


def probe_integration(
    integration: Integration, service: ServiceFixture | None = None, probes: Iterable[Probe] = PROBES
) -> list[Finding]:
    """Call every action of an integration with every probe. No request leaves this machine.

    Args:
        integration: As its plugin returned it.
        service: How its service behaves, where the declarations do not say it.
        probes: All of them by default.
    """
    return run(_probe(integration, service, tuple(probes)))


async def _probe(integration: Integration, service: ServiceFixture | None, probes: tuple[Probe, ...]) -> list[Finding]:
    findings: list[Finding] = []
    async with open_testbed(integration, service) as testbed:
        for probe in probes:
            for action in testbed.integration.actions.values():
                findings += await probe.findings(testbed, action)
    return findings


@dataclass(frozen=True, slots=True)
class Examination:
    """The outcome of rules, probes and exemptions for one integration.

    Attributes:
        integration: Its name.
        version: Its version.
        distribution: The installed package that brings it.
        findings: Those that count.
        excused: Those that its author declares exempt, each with the reason.
        quality_report: Its place on the quality scale.
    """

    integration: str
    version: str
    distribution: str
    findings: tuple[Finding, ...]
    excused: tuple[tuple[Finding, str], ...]
    quality_report: QualityReport

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that have to be fixed."""
        return only_errors(self.findings)


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
    if calls and report.version != _UNKNOWN:
        report = _with_probes(report, integration)
    exemptions, faults = _exemptions(distribution)
    counted, excused = exemptions.split(report.findings)
    return Examination(
        integration=name,
        version=report.version,
        distribution=distribution,
        findings=(*counted, *faults),
        excused=tuple(excused),
        quality_report=measure_quality(report, exemptions),
    )


def _with_probes(report: Report, integration: Integration) -> Report:
    try:
        return report.extended(probe_integration(integration), [probe.name for probe in PROBES])
    except (Exception, SystemExit) as reason:
        broken = error(
            report.integration,
            f"The actions cannot be called: {reason_of(reason, with_place=True)}.",
            "Fix the other findings first; if this one remains, report it.",
            "calls",
        )
        return report.extended([broken], ())


def _exemptions(distribution: str) -> tuple[Exemptions, Iterable[Finding]]:
    try:
        exemptions = declared_exemptions(distribution)
    except ValueError as reason:
        return Exemptions(), [error(distribution, f"{reason}.", "Correct the file.", "exemptions")]
    return exemptions, tuple(exemptions.faults())
