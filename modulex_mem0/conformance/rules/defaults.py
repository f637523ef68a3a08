"""A form fills defaults in, and they must be accepted."""

from collections.abc import Iterator

from jsonschema import Draft202012Validator

from modulex_mem0.conformance.finding import Problem, error
from modulex_mem0.conformance.rule import rule
from modulex_mem0.conformance.subject import Subject
from modulex_mem0.json_schema import subschemas

__all__ = ["defaults"]


@rule("Every default satisfies its own schema, and nothing that is required has one.")
def defaults(subject: Subject) -> Iterator[Problem]:
    """Validate each default, wherever it stands."""
    for place, _, schema in subject.schemas():
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
