"""In an open schema a misspelt name is a silence instead of an error."""

from collections.abc import Iterator

from modulex_mem0.conformance.finding import Problem, advice, error
from modulex_mem0.conformance.rule import rule
from modulex_mem0.conformance.subject import Subject
from modulex_mem0.json_schema import subschemas

__all__ = ["schemas_closed"]


@rule("Input and output schemas refuse properties that they do not name.")
def schemas_closed(subject: Subject) -> Iterator[Problem]:
    """Ask for `additionalProperties: false` where properties are named."""
    for place, _, schema in subject.schemas():
        for inside, part in subschemas(schema, place):
            if inside == place and not _closed(part):
                yield error(place, "The schema admits properties that it does not name.", _MEND)
            elif "properties" in part and not _closed(part):
                yield advice(inside, "An object inside admits properties that it does not name.", _MEND)


_MEND = "Set additionalProperties to false; in pydantic, extra='forbid'."


def _closed(schema: dict[str, object]) -> bool:
    return schema.get("additionalProperties") is False or schema.get("unevaluatedProperties") is False
