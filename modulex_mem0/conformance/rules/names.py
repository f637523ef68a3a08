"""Names are what hosts, flows and agents call things by."""

import re
from collections import Counter
from collections.abc import Iterator

from modulex_mem0.conformance.finding import Problem, advice, error
from modulex_mem0.conformance.rule import rule
from modulex_mem0.conformance.subject import Subject

__all__ = ["names"]

_NAME = re.compile(r"[a-z][a-z0-9_]*")
# What the narrowest of the agents' tool interfaces takes.
_LONGEST = 64


@rule("Names are unique, in snake_case, and short enough for every host.")
def names(subject: Subject) -> Iterator[Problem]:
    """Check the integration's name, those of its actions and those of their parameters."""
    manifest = subject.manifest
    for rival in subject.rivals:
        yield error(
            "name",
            f"The name {manifest.name!r} is also claimed by {rival}, and a host keeps only one of the two.",
            "Choose another name, or uninstall one of the two.",
        )
    credential = {field.name for scheme in manifest.auth_schemes for field in scheme.fields}
    for title, count in Counter(action.title.casefold() for action in manifest.actions).items():
        if count > 1:
            yield advice("actions", f"{count} actions have the title {title!r}.", "Give each its own title.")
    for action in manifest.actions:
        place = f"actions.{action.name}"
        if len(action.name) > _LONGEST:
            yield error(place, f"The name has more than {_LONGEST} characters.", "Shorten it.")
        if action.name.startswith(f"{manifest.name}_"):
            yield advice(place, "The name repeats the integration's.", "Leave the integration's name out of it.")
        for parameter in action.input_schema.get("properties", {}):
            inside = f"{place}.input.{parameter}"
            if not _NAME.fullmatch(parameter) or len(parameter) > _LONGEST:
                yield error(inside, "The parameter's name is not short snake_case.", "Rename it, as in `page_size`.")
            if parameter in credential:
                yield error(
                    inside,
                    "A credential field has the same name, and some hosts would fill the credential in here.",
                    "Rename one of the two.",
                )
