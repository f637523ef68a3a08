"""The pytest suite of an integration: a test for each rule, each probe of each action, and generated inputs."""

from collections.abc import Callable, Collection, Coroutine, Iterable, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import SearchStrategy

from modulex_mem0.conformance.checker import LOADS, check
from modulex_mem0.conformance.findings import Finding
from modulex_mem0.conformance.invariants import broken_invariants
from modulex_mem0.conformance.probes import PROBES, Probe
from modulex_mem0.conformance.quality import Exemptions, declared_exemptions
from modulex_mem0.conformance.rules import RULES, Rule
from modulex_mem0.conformance.strategies import any_inputs, valid_inputs
from modulex_mem0.conformance.testbed import (
    AnyAction,
    ServiceFixture,
    Testbed,
    bounded_loop,
    described_action,
    open_testbed,
    run,
)
from modulex_mem0.contract import ActionManifest, Integration, IntegrationManifest
from modulex_mem0.runtime import did_you_mean, discover

__all__ = ["ConformanceSuite"]

_LOADS = Rule(LOADS, "The integration's own code gives a manifest.", lambda _: ())


class ConformanceSuite:
    """Derive a class whose name begins with Test, and name the integration.

    Attributes:
        integration: The name of an installed integration; it is found by its entry point, as a host would find it.
        service: The service's replies, and whose data it keeps; with it the tests reach deeper.
        released: The manifest of the last release, which this one has to be compatible with.
        examples: How many inputs are generated for each action.
        known_faults: Tests that are expected to fail, and why: by the name of a rule or a probe, or of a probe and an
            action with a dash between, as in `paths_safe-get_item`. One that passes is a failure, so that the list
            stays true.
    """

    integration: ClassVar[str]
    service: ClassVar[ServiceFixture] = ServiceFixture()
    released: ClassVar[IntegrationManifest | None] = None
    examples: ClassVar[int] = 20
    known_faults: ClassVar[Mapping[str, str]] = {}

    @classmethod
    def load(cls) -> tuple[Integration, Exemptions]:
        """Find the integration and the exemptions that its author declares.

        Raises:
            TypeError: The class names no integration.
            UnknownIntegrationError: It is not installed, or failed to load; the message says why.
        """
        if not hasattr(cls, "integration"):
            raise TypeError(f'{cls.__name__} needs the name of an installed integration: integration = "…"')
        registry = discover()
        integration = registry[cls.integration]
        return integration, declared_exemptions(registry.distribution_of(cls.integration))

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Make a test of each rule, and of each probe with each action."""
        if "rule" in metafunc.fixturenames:
            metafunc.parametrize("rule", [self._case(rule.name, rule) for rule in (_LOADS, *RULES)])
        elif "probe" in metafunc.fixturenames:
            actions = self._checked_actions()
            cases = [self._case(f"{probe.name}-{action}", probe, action) for probe in PROBES for action in actions]
            metafunc.parametrize(("probe", "action"), cases)
        elif "action" in metafunc.fixturenames:
            name = metafunc.function.__name__.removeprefix("test_").removesuffix("_are_answered")
            cases = [self._case(f"{name}-{action}", action, label=action) for action in self.load()[0].actions]
            metafunc.parametrize("action", cases)

    def test_keeps_the_rule(self, rule: Rule) -> None:
        """The declarations keep each rule; advice does not fail a test."""
        integration, exemptions = self.load()
        report = check(integration, released=self.released, rules=() if rule is _LOADS else (rule,))
        _require_none(exemptions.split(report.errors)[0])

    def test_withstands(self, probe: Probe, action: str) -> None:
        """Each action withstands each probe."""
        integration, exemptions = self.load()

        async def attempt() -> list[Finding]:
            async with open_testbed(integration, self.service) as testbed:
                return await probe.findings(testbed, testbed.integration.actions[action])

        _require_none(exemptions.split(run(attempt()))[0])

    def test_valid_inputs_are_answered(self, action: str) -> None:
        """Inputs generated from the schema lead to a result."""
        self._generate(action, valid_inputs)

    def test_any_inputs_are_answered(self, action: str) -> None:
        """Inputs with arbitrary values lead to a result, which may be a refusal."""
        self._generate(action, any_inputs)

    def _generate(
        self, action: str, strategy: Callable[[ActionManifest, Mapping[str, Any]], SearchStrategy[Any]]
    ) -> None:
        with _opened(self.load()[0], self.service) as (run_on_loop, testbed):
            called = testbed.integration.actions[action]

            # The same inputs each time: a test that fails by chance does not help.
            @settings(
                max_examples=self.examples,
                deadline=None,
                database=None,
                derandomize=True,
                suppress_health_check=list(HealthCheck),
            )
            @given(strategy(described_action(called), testbed.input_of(called)))
            def attempt(value: dict[str, Any]) -> None:
                record = run_on_loop(testbed.call(called, value))
                _require_none(broken_invariants(called, record, f"the input {value!r:.200}"))
                assert not testbed.foreign, f"a connection to {testbed.foreign[0]} was attempted"  # noqa: S101

            attempt()

    @classmethod
    def _checked_actions(cls) -> list[str]:
        """The names of the actions, which those that the class names itself have to be among."""
        actions = cls.load()[0].actions
        tests = {*(probe.name for probe in PROBES), "valid_inputs", "any_inputs"}
        faults = {
            _LOADS.name,
            *(rule.name for rule in RULES),
            *tests,
            *(f"{t}-{name}" for t in tests for name in actions),
        }
        owner = cls.service.owner
        parameters = {name for one in actions.values() for name in _parameters(one)} if owner else ()
        named: tuple[tuple[str, Iterable[str], Collection[str]], ...] = (
            ("service.replies", cls.service.replies, actions),
            ("service.inputs", cls.service.inputs, actions),
            ("service.owner", (owner,) if owner else (), parameters),
            ("known_faults", cls.known_faults, faults),
        )
        for place, names, known in named:
            for name in names:
                if name not in known:
                    raise ValueError(f"{cls.__name__}.{place}: there is no {name!r}{did_you_mean(name, known)}")
        return list(actions)

    @classmethod
    def _case(cls, name: str, *values: object, label: str = "") -> Any:  # noqa: ANN401 - pytest exports no type for it
        reason = cls.known_faults.get(name) or cls.known_faults.get(name.partition("-")[0])
        marks = [pytest.mark.xfail(reason=reason, strict=True, raises=pytest.fail.Exception)] if reason else []
        return pytest.param(*values, id=label or name, marks=marks)


def _parameters(action: AnyAction) -> Iterable[str]:
    return list(described_action(action).input_schema.get("properties", ()))


@contextmanager
def _opened(
    integration: Integration, service: ServiceFixture
) -> Iterator[tuple[Callable[[Coroutine[Any, Any, Any]], Any], Testbed]]:
    """A testbed on an event loop that many calls share."""
    with bounded_loop() as run_on_loop:
        stack = AsyncExitStack()
        testbed = run_on_loop(stack.enter_async_context(open_testbed(integration, service)))
        try:
            yield run_on_loop, testbed
        finally:
            run_on_loop(stack.aclose())


def _require_none(findings: Iterable[Finding]) -> None:
    lines = [f"{finding.place}: {finding.reason} {finding.fix}" for finding in findings]
    if lines:
        pytest.fail("\n".join(lines), pytrace=False)
