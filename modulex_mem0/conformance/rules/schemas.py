"""Rules about input and output schemas, from which forms, agents and validators are built."""

import re
from collections.abc import Iterator

from jsonschema import Draft202012Validator, SchemaError

from modulex_mem0.conformance.findings import Finding, advice, error
from modulex_mem0.conformance.rules.rule import Subject, rule
from modulex_mem0.json_schema import resolve, subschemas

__all__ = ["defaults", "numbers_bounded", "outputs_can_fail", "schemas_closed", "schemas_valid"]


@rule("Input and output schemas are objects in JSON Schema, draft 2020-12, and refer to nothing outside themselves.")
def schemas_valid(subject: Subject) -> Iterator[Finding]:
    """Check each schema against the draft, and that its references can be followed."""
    for place, schema in subject.schemas():
        try:
            Draft202012Validator.check_schema(schema)
        except SchemaError as found:
            yield error(f"{place}{found.json_path[1:]}", f"Not a valid schema: {found.message:.200}.", "Correct it.")
            continue
        if schema.get("type") != "object":
            yield error(place, "The schema is not of type object.", "Declare an object with properties.")
        for inside, part in subschemas(schema, place):
            try:
                resolve(part, schema)
            except LookupError as reason:
                yield error(inside, f"The reference {part['$ref']!r} cannot be followed: {reason}.", "Correct it.")


_DERIVE = "Derive the model from ActionInput or ActionOutput, whose schemas do not; or do it yourself:"
_CLOSE = "Set additionalProperties to false; in pydantic, extra='forbid'."


@rule("Input and output schemas refuse properties that they do not name.")
def schemas_closed(subject: Subject) -> Iterator[Finding]:
    """Require `additionalProperties: false` where properties are named, so that a misspelt name is an error."""
    for place, schema in subject.schemas():
        for inside, part in subschemas(schema, place):
            if inside == place and not _is_closed(part):
                yield error(place, "The schema accepts properties that it does not name.", f"{_DERIVE} {_CLOSE}")
            elif "properties" in part and not _is_closed(part):
                yield advice(inside, "An object in the schema accepts properties that it does not name.", _CLOSE)


def _is_closed(schema: dict[str, object]) -> bool:
    return schema.get("additionalProperties") is False or schema.get("unevaluatedProperties") is False


@rule("Every output can report that the call failed, with `success` and `error` alone.")
def outputs_can_fail(subject: Subject) -> Iterator[Finding]:
    """Check the two fields, and that nothing else is required: a flow branches on the output of a failed call too."""
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


@rule("Every default satisfies its own schema, and nothing that is required has one.")
def defaults(subject: Subject) -> Iterator[Finding]:
    """Validate each default, wherever it is declared: forms fill them in."""
    for place, schema in subject.schemas():
        validator = Draft202012Validator(schema)
        for inside, part in subschemas(schema, place):
            if "default" in part and not validator.evolve(schema=part).is_valid(part["default"]):
                yield error(
                    inside,
                    f"The default {part['default']!r:.60} does not satisfy the schema.",
                    "Correct one of the two.",
                )
            properties = part.get("properties", {})
            for name in part.get("required", ()):
                if place.endswith(".input") and "default" in properties.get(name, {}):
                    yield error(f"{inside}.{name}", "It is required and has a default.", "Keep one of the two.")


_COUNTS = re.compile(r"(^|_)(limit|page|page_size|per_page|top_k|count|offset|max_[a-z]+)$")
_NUMBERS = frozenset({"integer", "number"})


@rule("Parameters that count results or pages declare how small and how large they may be.")
def numbers_bounded(subject: Subject) -> Iterator[Finding]:
    """Look at parameters whose name suggests a count, which would otherwise send -5, 0 or a million to the service.

    Pages and offsets need no largest value.
    """
    for action in subject.manifest.actions:
        for name, value in action.input_schema.get("properties", {}).items():
            if not _COUNTS.search(name):
                continue
            place = f"actions.{action.name}.input.{name}"
            numbers = [part for _, part in subschemas(value, place) if part.get("type") in _NUMBERS]
            if any(not {"minimum", "exclusiveMinimum"} & part.keys() for part in numbers):
                yield advice(place, "It has no smallest value.", "Declare ge=…, so that nonsense is refused at once.")
            if name not in ("page", "offset") and any(
                not {"maximum", "exclusiveMaximum"} & part.keys() for part in numbers
            ):
                yield advice(place, "It has no largest value.", "Declare le=…: the most that the service returns.")
