"""Rules that an integration's author declares not to apply, each with its reason.

They stand in `quality_scale.toml` in the package of the plugin, so that they travel with the integration:

    [exempt]
    connection_test = "The service has no request that needs the key and changes nothing."
    "failures_told.get_job" = "A failed job is what this action is asked for."
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path

from modulex_mem0.conformance.finding import Finding, error
from modulex_mem0.conformance.quality.scale import NEVER_EXEMPT, SCALE
from modulex_mem0.contract import ENTRY_POINT_GROUP

__all__ = ["FILE_NAME", "Exemptions", "declared_exemptions"]

FILE_NAME = "quality_scale.toml"
_SHORTEST_REASON = 20


class Exemptions:
    """Which findings are excused, and why.

    Args:
        reasons: By the name of a rule, or of a rule and an action with a dot between.
    """

    def __init__(self, reasons: Mapping[str, str] | None = None) -> None:
        self.reasons: Mapping[str, str] = reasons or {}

    def reason(self, finding: Finding) -> str | None:
        """Why a finding is excused; None when it is not."""
        if finding.rule in NEVER_EXEMPT:
            return None
        for key, reason in self.reasons.items():
            rule, _, action = key.partition(".")
            here = finding.place.split(".")[:2] == ["actions", action] if action else True
            if rule == finding.rule and here:
                return reason
        return None

    def split(self, findings: Iterable[Finding]) -> tuple[list[Finding], list[tuple[Finding, str]]]:
        """The findings that count, and those that are excused with the reason."""
        counted: list[Finding] = []
        excused: list[tuple[Finding, str]] = []
        for finding in findings:
            reason = self.reason(finding)
            if reason is None:
                counted.append(finding)
            else:
                excused.append((finding, reason))
        return counted, excused

    def faults(self) -> Iterator[Finding]:
        """What is wrong with the exemptions themselves."""
        known = {rule for rules in SCALE.values() for rule in rules}
        for key, reason in self.reasons.items():
            rule, place = key.partition(".")[0], f"{FILE_NAME}: {key}"
            if rule not in known:
                yield error(place, "There is no such rule.", "Correct the name, or remove it.").found_by("exemptions")
            elif rule in NEVER_EXEMPT:
                yield error(place, "No reason excuses this rule.", "Keep the rule.").found_by("exemptions")
            elif len(reason.strip()) < _SHORTEST_REASON:
                yield error(place, "The reason is missing.", "Say in a sentence why it does not apply.").found_by(
                    "exemptions"
                )


def declared_exemptions(distribution_name: str) -> Exemptions:
    """Read what an installed distribution declares; nothing where it has no file.

    Raises:
        ValueError: The file is not what it should be; the message names it.
    """
    try:
        found = distribution(distribution_name)
    except (PackageNotFoundError, ValueError):
        return Exemptions()
    reasons: dict[str, str] = {}
    for file in dict.fromkeys(_files(found)):
        try:
            declared = tomllib.loads(file.read_text("utf-8")).get("exempt", {})
        except (OSError, ValueError) as problem:
            raise ValueError(f"{file} cannot be read: {problem}") from None
        if not isinstance(declared, dict) or not all(isinstance(reason, str) for reason in declared.values()):
            raise ValueError(f"{file}: [exempt] must hold a reason, as text, for each name of a rule")
        reasons |= declared
    return Exemptions(reasons)


def _files(found: Distribution) -> Iterator[Path]:
    for point in found.entry_points.select(group=ENTRY_POINT_GROUP):
        package = point.module.rpartition(".")[0]
        spec = find_spec(package) if package else None
        for place in (spec.submodule_search_locations or ()) if spec else ():
            file = Path(place) / FILE_NAME
            if file.is_file():
                yield file
