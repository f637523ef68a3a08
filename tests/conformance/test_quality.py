"""The scale counts only what was measured, and an exemption needs a reason."""

from pathlib import Path

import pytest

from modulex_mem0.conformance.findings import Finding, Level, Report
from modulex_mem0.conformance.probes import PROBES
from modulex_mem0.conformance.quality import (
    NEVER_EXEMPT,
    NO_ADVICE,
    SCALE,
    Exemptions,
    Quality,
    declared_exemptions,
    measure_quality,
)
from modulex_mem0.conformance.rules import RULES
from tests.helpers.installed import install

EVERY = frozenset({"loads", *(rule.name for rule in RULES), *(probe.name for probe in PROBES)})
REASON = "The service has no such request at all."


def report(*findings: Finding, applied: frozenset[str] = EVERY) -> Report:
    return Report("good", "1.0.0", findings, applied)


def finding(rule: str, level: Level = Level.ERROR, place: str = "actions.get_job") -> Finding:
    return Finding(level, place, "It is so.", "Fix it.", rule)


def test_every_rule_and_probe_is_on_the_scale_once() -> None:
    listed = [rule for rules in SCALE.values() for rule in rules]
    assert sorted(listed) == sorted({*EVERY, NO_ADVICE})
    assert NEVER_EXEMPT < EVERY


def test_an_integration_without_findings_is_at_the_top() -> None:
    assert measure_quality(report(), Exemptions()).quality is Quality.PLATINUM


@pytest.mark.parametrize(("quality", "rules"), SCALE.items())
def test_a_level_is_not_reached_with_an_error(quality: Quality, rules: tuple[str, ...]) -> None:
    for rule in rules:
        level = Level.ADVICE if rule == NO_ADVICE else Level.ERROR
        measured = measure_quality(report(finding(rule, level)), Exemptions())
        assert measured.quality == quality - 1
        assert rule in measured.missing


def test_advice_keeps_an_integration_from_the_top_alone() -> None:
    measured = measure_quality(report(finding("described", Level.ADVICE)), Exemptions())
    assert (measured.quality, measured.missing) == (Quality.GOLD, (NO_ADVICE,))


def test_a_rule_that_was_not_measured_does_not_count() -> None:
    static = frozenset({"loads", *(rule.name for rule in RULES)})
    measured = measure_quality(report(applied=static), Exemptions())
    assert measured.quality is Quality.BRONZE
    assert measured.rules["hostile_replies"] == "not measured"


def test_an_exemption_with_its_reason_counts_as_done() -> None:
    exemptions = Exemptions({"connection_test": REASON, "failures_reported.get_job": REASON})
    excused = report(finding("connection_test"), finding("failures_reported"))
    measured = measure_quality(excused, exemptions)
    assert measured.quality is Quality.PLATINUM
    assert measured.rules["failures_reported"] == "exempt"


def test_an_exemption_of_one_action_does_not_cover_another() -> None:
    exemptions = Exemptions({"failures_reported.get_job": REASON})
    assert exemptions.reason(finding("failures_reported", place="actions.get_jobs")) is None


@pytest.mark.parametrize("rule", sorted(NEVER_EXEMPT))
def test_some_rules_are_never_exempt(rule: str) -> None:
    exemptions = Exemptions({rule: REASON})
    assert exemptions.reason(finding(rule)) is None
    assert [fault.rule for fault in exemptions.faults()] == ["exemptions"]


@pytest.mark.parametrize("reasons", [{"no_such_rule": REASON}, {"stable": "because"}, {"stable": ""}])
def test_a_poor_exemption_is_a_finding(reasons: dict[str, str]) -> None:
    assert [fault.level for fault in Exemptions(reasons).faults()] == [Level.ERROR]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def _install_package(site: Path, declared: str) -> None:
    install(site, "modulex-polite", "x = 1")
    package = site / "polite_package"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "quality_scale.toml").write_text(declared)
    points = site / "modulex_polite-1.0.dist-info" / "entry_points.txt"
    points.write_text("[modulex]\npolite = polite_package.plugin\n")


def test_exemptions_are_read_from_the_package_of_the_plugin(site: Path) -> None:
    _install_package(site, f'[exempt]\nstable = "{REASON}"\n"methods.get_job" = "{REASON}"\n')
    assert declared_exemptions("modulex-polite").reasons == {"stable": REASON, "methods.get_job": REASON}


def test_the_name_of_a_rule_and_an_action_needs_no_quotes(site: Path) -> None:
    _install_package(site, f'[exempt]\nmethods.get_job = "{REASON}"\n')
    assert declared_exemptions("modulex-polite").reasons == {"methods.get_job": REASON}


def test_the_plugin_may_be_the_package_and_another_may_not_load(site: Path) -> None:
    _install_package(site, f'[exempt]\nstable = "{REASON}"\n')
    points = site / "modulex_polite-1.0.dist-info" / "entry_points.txt"
    points.write_text("[modulex]\nbroken = gone_package.gone.plugin\npolite = polite_package\n")
    assert declared_exemptions("modulex-polite").reasons == {"stable": REASON}


INVALID = ("[exempt", "exempt = 7", "[exempt]\nstable = true", f'[exemptions]\nstable = "{REASON}"', "\x00")


@pytest.mark.parametrize("declared", INVALID)
def test_an_invalid_file_is_reported(site: Path, declared: str) -> None:
    _install_package(site, declared)
    with pytest.raises(ValueError, match=r"quality_scale\.toml"):
        declared_exemptions("modulex-polite")


@pytest.mark.parametrize("distribution", ["modulex-mem0", "no-such-distribution", ""])
def test_a_distribution_without_the_file_has_no_exemptions(distribution: str) -> None:
    assert declared_exemptions(distribution).reasons == {}
