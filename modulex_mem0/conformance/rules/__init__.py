"""The rules about declarations, in the order of a report. A new rule is a function and a line here."""

from modulex_mem0.conformance.rules.actions import examples, hints
from modulex_mem0.conformance.rules.authentication import (
    connection_test,
    credential_fields,
    secrets_marked,
    setup_steps,
)
from modulex_mem0.conformance.rules.manifest import (
    categories_and_limits,
    described,
    manifest_valid,
    names,
    recorded_current,
    stable,
)
from modulex_mem0.conformance.rules.rule import Rule, Subject
from modulex_mem0.conformance.rules.schemas import (
    defaults,
    numbers_bounded,
    outputs_can_fail,
    schemas_closed,
    schemas_valid,
)

__all__ = ["RULES", "Rule", "Subject"]

RULES: tuple[Rule, ...] = (
    manifest_valid,
    names,
    described,
    credential_fields,
    secrets_marked,
    setup_steps,
    connection_test,
    schemas_valid,
    schemas_closed,
    outputs_can_fail,
    defaults,
    examples,
    hints,
    numbers_bounded,
    categories_and_limits,
    recorded_current,
    stable,
)
