"""The quality scale, bronze to platinum: what each level requires, what is exempt, and where an integration stands.

Exemptions are declared in `quality_scale.toml` in the package of the plugin, so that they travel with the integration:

    [exempt]
    connection_test = "The service has no request that needs the key and changes nothing."
    "failures_reported.get_job" = "A failed job is what this action is asked for."
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from modulex_mem0.conformance.findings import Finding, Level, Report, error
from modulex_mem0.contract import ENTRY_POINT_GROUP

__all__ = [
    "NEVER_EXEMPT",
    "NO_ADVICE",
    "SCALE",
    "Exemptions",
    "Quality",
    "QualityReport",
    "declared_exemptions",
    "measure_quality",
]


class Quality(IntEnum):
    """The levels, lowest first."""

    NONE = 0
    BRONZE = 1
    SILVER = 2
    GOLD = 3
    PLATINUM = 4

    def __str__(self) -> str:
        return self.name.lower()


#: Kept when no rule has any advice to give.
NO_ADVICE = "no_advice"

#: The rules and probes that each level requires, in addition to those of the levels below.
SCALE: Mapping[Quality, tuple[str, ...]] = {
    # A host can show it and call it.
    Quality.BRONZE: (
        "loads",
        "manifest_valid",
        "names",
        "described",
        "credential_fields",
        "secrets_marked",
        "schemas_valid",
        "schemas_closed",
        "outputs_can_fail",
        "defaults",
        "hints",
    ),
    # People can set it up, and failures are reported.
    Quality.SILVER: (
        "setup_steps",
        "connection_test",
        "examples",
        "categories_and_limits",
        "example_works",
        "broken_inputs",
        "unknown_parameters",
        "hostile_replies",
        "credential_required",
        "credential_hidden",
    ),
    # Flows can be built on it, and it stays within its bounds.
    Quality.GOLD: (
        "recorded_current",
        "stable",
        "failures_reported",
        "rate_limits_reported",
        "paths_safe",
        "ids_single",
        "other_hosts",
        "methods",
        "sent_once",
        "deadline_kept",
        "cancellation",
        "event_loop_free",
    ),
    # Nothing is left to improve.
    Quality.PLATINUM: ("numbers_bounded", "connections_reused", "other_users", NO_ADVICE),
}

#: No reason excuses these: without them an integration cannot be trusted with a credential, or cannot be used at all.
NEVER_EXEMPT = frozenset({"loads", "manifest_valid", "secrets_marked", "hostile_replies", "credential_hidden"})

_FILE_NAME = "quality_scale.toml"
_SHORTEST_REASON = 20


class Exemptions:
    """The rules that an integration's author declares not to apply, and why.

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
        """The faults of the exemptions themselves."""
        known = {rule for rules in SCALE.values() for rule in rules}
        for key, reason in self.reasons.items():
            rule, place = key.partition(".")[0], f"{_FILE_NAME}: {key}"
            if rule not in known:
                yield error(place, "There is no such rule.", "Correct the name, or remove it.", "exemptions")
            elif rule in NEVER_EXEMPT:
                yield error(place, "No reason excuses this rule.", "Keep the rule.", "exemptions")
            elif len(reason.strip()) < _SHORTEST_REASON:
                yield error(place, "The reason is missing.", "Say in a sentence why it does not apply.", "exemptions")


def declared_exemptions(distribution_name: str) -> Exemptions:
    """Read the exemptions that an installed distribution declares; none where it has no file.

    Raises:
        ValueError: The file is not valid; the message names it.
    """
    try:
        found = distribution(distribution_name)
    except (PackageNotFoundError, ValueError):
        return Exemptions()
    reasons: dict[str, str] = {}
    for file in dict.fromkeys(_files(found)):
        try:
            content = tomllib.loads(file.read_text("utf-8"))
        except (OSError, ValueError) as problem:
            raise ValueError(f"{file} cannot be read: {problem}") from None
        if unknown := sorted(content.keys() - {"exempt"}):
            raise ValueError(f"{file}: holds {unknown[0]!r}, and nothing but the table [exempt] is read")
        declared = content.get("exempt", {})
        if not isinstance(declared, dict) or not all(isinstance(reason, str) for reason in _flat(declared).values()):
            raise ValueError(f"{file}: [exempt] must hold a reason, as text, for each name of a rule")
        reasons |= _flat(declared)
    return Exemptions(reasons)


def _flat(declared: Mapping[str, Any]) -> dict[str, Any]:
    """The reasons by name. In TOML, the name of a rule and an action is a table in a table unless it is in quotes."""
    flat: dict[str, Any] = {}
    for rule, reason in declared.items():
        if isinstance(reason, dict):
            flat |= {f"{rule}.{action}": inner for action, inner in reason.items()}
        else:
            flat[rule] = reason
    return flat


def _files(found: Distribution) -> Iterator[Path]:
    for point in found.entry_points.select(group=ENTRY_POINT_GROUP):
        package = point.module.rpartition(".")[0] or point.module
        spec = None
        # The parents are imported, and another plugin of the distribution may not load.
        with suppress(Exception, SystemExit):
            spec = find_spec(package)
        for place in (spec.submodule_search_locations or ()) if spec else ():
            file = Path(place) / _FILE_NAME
            if file.is_file():
                yield file


Status = Literal["done", "exempt", "todo", "not measured"]


@dataclass(frozen=True, slots=True)
class QualityReport:
    """An integration's place on the scale.

    Attributes:
        quality: The highest level whose rules, and those of all levels below, are done or exempt.
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


def measure_quality(report: Report, exemptions: Exemptions) -> QualityReport:
    """Place an integration on the scale.

    A rule is done when it was applied and found no error, and exempt when everything that it found is excused.
    """
    counted, excused = exemptions.split(report.findings)
    rules = {
        rule: _status(rule, report.applied, counted, [finding for finding, _ in excused])
        for level in SCALE.values()
        for rule in level
    }
    reached = Quality.NONE
    for quality, level in SCALE.items():
        if any(rules[rule] not in ("done", "exempt") for rule in level):
            break
        reached = quality
    return QualityReport(reached, rules)


def _status(rule: str, applied: frozenset[str], counted: Iterable[Finding], excused: Iterable[Finding]) -> Status:
    if rule == NO_ADVICE:
        return "todo" if any(finding.level is Level.ADVICE for finding in counted) else "done"
    if rule not in applied:
        return "not measured"
    if any(finding.rule == rule and finding.level is Level.ERROR for finding in counted):
        return "todo"
    return "exempt" if any(finding.rule == rule for finding in excused) else "done"
