"""Applies probes to all actions of an integration, on one bench."""

from collections.abc import Iterable

from modulex_mem0.conformance.bench import opened_bench
from modulex_mem0.conformance.finding import Finding
from modulex_mem0.conformance.kit import Kit
from modulex_mem0.conformance.probe import Probe
from modulex_mem0.conformance.probes import PROBES
from modulex_mem0.conformance.running import run
from modulex_mem0.contract import Integration

__all__ = ["probe_integration"]


def probe_integration(
    integration: Integration, kit: Kit | None = None, probes: Iterable[Probe] = PROBES
) -> list[Finding]:
    """Call every action in every way; nothing leaves this machine.

    Args:
        integration: As its plugin returned it.
        kit: What its author tells beyond its declarations.
        probes: All of them unless told.
    """
    return run(_probe(integration, kit, tuple(probes)))


async def _probe(integration: Integration, kit: Kit | None, probes: tuple[Probe, ...]) -> list[Finding]:
    findings: list[Finding] = []
    async with opened_bench(integration, kit) as bench:
        for one in probes:
            for action in bench.integration.actions.values():
                findings += await one.findings(bench, action)
    return findings
