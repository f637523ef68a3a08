"""A failed call answers with an output too, and a flow branches on it."""

from collections.abc import Iterator

from jsonschema import Draft202012Validator

from modulex_mem0.conformance.finding import Problem, error
from modulex_mem0.conformance.rule import rule
from modulex_mem0.conformance.subject import Subject

__all__ = ["outputs_can_fail"]


@rule("Every output can say that the call failed, with `success` and `error` alone.")
def outputs_can_fail(subject: Subject) -> Iterator[Problem]:
    """Check the two fields, and that nothing else is required."""
    for action in subject.manifest.actions:
        place, schema = f"actions.{action.name}.output", action.output_schema
        for name in ("success", "error"):
            if name not in schema.get("properties", {}):
                yield error(place, f"The output has no `{name}`.", "Derive the model from ActionOutput.")
        validator = Draft202012Validator(schema)
        for output in ({"success": False, "error": "why"}, {"success": True, "error": None}):
            if not validator.is_valid(output):
                yield error(place, f"{output} is not a valid output.", "Give all other fields a default.")
        if validator.is_valid({}) or validator.is_valid({"success": "yes"}):
            yield error(place, "`success` is not a required boolean.", "Derive the model from ActionOutput.")
