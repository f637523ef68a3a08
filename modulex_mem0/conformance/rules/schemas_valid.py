"""Forms, agents and validators are built from the schemas."""

from collections.abc import Iterator

from jsonschema import Draft202012Validator, SchemaError

from modulex_mem0.conformance.finding import Problem, error
from modulex_mem0.conformance.rule import rule
from modulex_mem0.conformance.subject import Subject
from modulex_mem0.json_schema import resolve, subschemas

__all__ = ["schemas_valid"]


@rule("Input and output schemas are objects in JSON Schema, draft 2020-12, and complete in themselves.")
def schemas_valid(subject: Subject) -> Iterator[Problem]:
    """Check each schema against the draft, and that its references can be followed."""
    for place, _, schema in subject.schemas():
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
