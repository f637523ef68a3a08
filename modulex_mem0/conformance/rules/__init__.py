"""The rules, in the order in which a report tells what they find. A new rule is a module beside this one and a line."""

from modulex_mem0.conformance.rule import Rule
from modulex_mem0.conformance.rules.categories_and_limits import categories_and_limits
from modulex_mem0.conformance.rules.connection_test import connection_test
from modulex_mem0.conformance.rules.credential_fields import credential_fields
from modulex_mem0.conformance.rules.defaults import defaults
from modulex_mem0.conformance.rules.described import described
from modulex_mem0.conformance.rules.examples import examples
from modulex_mem0.conformance.rules.hints import hints
from modulex_mem0.conformance.rules.manifest_valid import manifest_valid
from modulex_mem0.conformance.rules.names import names
from modulex_mem0.conformance.rules.numbers_bounded import numbers_bounded
from modulex_mem0.conformance.rules.outputs_can_fail import outputs_can_fail
from modulex_mem0.conformance.rules.recorded_current import recorded_current
from modulex_mem0.conformance.rules.schemas_closed import schemas_closed
from modulex_mem0.conformance.rules.schemas_valid import schemas_valid
from modulex_mem0.conformance.rules.secrets_marked import secrets_marked
from modulex_mem0.conformance.rules.setup_steps import setup_steps
from modulex_mem0.conformance.rules.stable import stable

__all__ = ["RULES"]

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
