"""The suite: rules, probes, and inputs generated from the schemas, each a test for each action."""

from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import SearchStrategy

from modulex_mem0.conformance.bench import Bench, opened_bench
from modulex_mem0.conformance.checking import LOADS, check
from modulex_mem0.conformance.described_action import described_action
from modulex_mem0.conformance.finding import Finding, Level
from modulex_mem0.conformance.kit import Kit
from modulex_mem0.conformance.probe import Probe
from modulex_mem0.conformance.probes import PROBES
from modulex_mem0.conformance.promises import broken_promises
from modulex_mem0.conformance.quality.exemptions import Exemptions, declared_exemptions
from modulex_mem0.conformance.rule import Rule
from modulex_mem0.conformance.rules import RULES
from modulex_mem0.conformance.running import patient_loop, run
from modulex_mem0.conformance.testing.strategies import any_inputs, valid_inputs
from modulex_mem0.contract import ActionManifest, Integration, IntegrationManifest
from modulex_mem0.runtime import discover

__all__ = ["ConformanceSuite"]

_LOADS = Rule(LOADS, "The integration's own code gives a manifest.", lambda _: ())


class ConformanceSuite:
    """Derive a class whose name begins with Test, and name the integration.

    Attributes:
        integration: The name of an installed integration; it is found by its entry point, as a host would.
        kit: What the service answers, and whose data it keeps; with it the tests reach deeper.
        released: The manifest of the last release, that this one has to be compatible with.
        examples: How many inputs are generated for each action.
        known_faults: Tests that are expected to fail, and why: by the name of a rule or a probe, or of a probe and an
            action with a dash between, as in `paths_safe-get_item`. One that passes all the same is a failure, so that
            the list stays true.
    """

    integration: ClassVar[str]
    kit: ClassVar[Kit] = Kit()
    released: ClassVar[IntegrationManifest | None] = None
    examples: ClassVar[int] = 20
    known_faults: ClassVar[Mapping[str, str]] = {}

    @classmethod
    def load(cls) -> tuple[Integration, Exemptions]:
        """Find the integration, and what its author declares not to apply.

        Raises:
            UnknownIntegrationError: It is not installed, or failed to load; the message says why.
        """
        registry = discover()
        integration = registry[cls.integration]
        return integration, declared_exemptions(registry.distribution_of(cls.integration))

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Make a test of each rule, and of each probe with each action."""
        if "rule" in metafunc.fixturenames:
            metafunc.parametrize("rule", [self._case(rule.name, rule) for rule in (_LOADS, *RULES)])
        elif "probe" in metafunc.fixturenames:
            actions = list(self.load()[0].actions)
            cases = [self._case(f"{one.name}-{action}", one, action) for one in PROBES for action in actions]
            metafunc.parametrize(("probe", "action"), cases)
        elif "action" in metafunc.fixturenames:
            name = metafunc.function.__name__.removeprefix("test_").removesuffix("_are_answered")
            cases = [self._case(f"{name}-{action}", action, label=action) for action in self.load()[0].actions]
            metafunc.parametrize("action", cases)

    def test_keeps_the_rule(self, rule: Rule) -> None:
        """The declarations keep each rule; advice does not fail a test."""
        integration, exemptions = self.load()
        report = check(integration, released=self.released, rules=() if rule is _LOADS else (rule,))
        _require_none(finding for finding in exemptions.split(report.findings)[0] if finding.level is Level.ERROR)

    def test_withstands(self, probe: Probe, action: str) -> None:
        """Each action withstands each probe."""
        integration, exemptions = self.load()

        async def attempt() -> list[Finding]:
            async with opened_bench(integration, self.kit) as bench:
                return await probe.findings(bench, bench.integration.actions[action])

        _require_none(exemptions.split(run(attempt()))[0])

    def test_valid_inputs_are_answered(self, action: str) -> None:
        """Inputs generated from the schema are answered."""
        self._generate(action, valid_inputs)

    def test_any_inputs_are_answered(self, action: str) -> None:
        """Inputs with any values are answered, or refused in words."""
        self._generate(action, any_inputs)

    def _generate(
        self, action: str, strategy: Callable[[ActionManifest, Mapping[str, Any]], SearchStrategy[Any]]
    ) -> None:
        with _opened(self.load()[0], self.kit) as (run_on_it, bench):
            called = bench.integration.actions[action]

            # The same inputs each time: a test that fails by chance helps nobody.
            @settings(
                max_examples=self.examples,
                deadline=None,
                database=None,
                derandomize=True,
                suppress_health_check=list(HealthCheck),
            )
            @given(strategy(described_action(called), bench.input_of(called)))
            def attempt(value: dict[str, Any]) -> None:
                observed = run_on_it(bench.call(called, value))
                broken = broken_promises(called, observed, f"the input {value!r:.200}")
                _require_none(problem.found_by("promises") for problem in broken)
                assert not bench.foreign, f"a connection to {bench.foreign[0]} was attempted"  # noqa: S101

            attempt()

    @classmethod
    def _case(cls, name: str, *values: object, label: str = "") -> Any:  # noqa: ANN401 - pytest names no type for it
        reason = cls.known_faults.get(name) or cls.known_faults.get(name.partition("-")[0])
        marks = [pytest.mark.xfail(reason=reason, strict=True, raises=pytest.fail.Exception)] if reason else []
        return pytest.param(*values, id=label or name, marks=marks)


@contextmanager
def _opened(integration: Integration, kit: Kit) -> Iterator[tuple[Callable[[Coroutine[Any, Any, Any]], Any], Bench]]:
    """A bench on an event loop that many calls share."""
    with patient_loop() as run_on_it:
        stack = AsyncExitStack()
        bench = run_on_it(stack.enter_async_context(opened_bench(integration, kit)))
        try:
            yield run_on_it, bench
        finally:
            run_on_it(stack.aclose())


def _require_none(findings: Iterable[Finding]) -> None:
    told = [f"{finding.place}: {finding.reason} {finding.mend}" for finding in findings]
    if told:
        pytest.fail("\n".join(told), pytrace=False)
