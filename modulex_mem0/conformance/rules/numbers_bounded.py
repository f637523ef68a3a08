"""A limit without limits is sent to the service as it comes: -5, 0, or a million."""

import re
from collections.abc import Iterator

from modulex_mem0.conformance.finding import Problem, advice
from modulex_mem0.conformance.rule import rule
from modulex_mem0.conformance.subject import Subject
from modulex_mem0.json_schema import subschemas

__all__ = ["numbers_bounded"]

_COUNTS = re.compile(r"(^|_)(limit|page|page_size|per_page|top_k|count|offset|max_[a-z]+)$")
_NUMBERS = frozenset({"integer", "number"})


@rule("Numbers of results and pages say how small and how large they may be.")
def numbers_bounded(subject: Subject) -> Iterator[Problem]:
    """Look at parameters whose name says that they count; pages have no largest number."""
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
