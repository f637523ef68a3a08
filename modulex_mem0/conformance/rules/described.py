"""A form shows descriptions to people, and an agent has nothing else to choose a tool by."""

from collections.abc import Iterator

from modulex_mem0.conformance.finding import Problem, advice, error
from modulex_mem0.conformance.rule import rule
from modulex_mem0.conformance.sentences import fault_of
from modulex_mem0.conformance.subject import Subject
from modulex_mem0.json_schema import resolve

__all__ = ["described"]


@rule("Every action, parameter and credential field is described in a whole sentence.")
def described(subject: Subject) -> Iterator[Problem]:
    """Check every description; a missing one is an error, a poor one advice."""
    for place, text, names in _texts(subject):
        fault = fault_of(text, *names)
        if fault == "is missing":
            yield error(place, "The description is missing.", "Say in a sentence what it is for, for people.")
        elif fault is not None:
            yield advice(place, f"The description {fault}: {text[:60]!r}.", "Say in a whole sentence what it is for.")
    for action in subject.manifest.actions:
        for name, value in action.input_schema.get("properties", {}).items():
            shown = resolve(value, action.input_schema)
            if not (isinstance(shown, dict) and shown.get("title")):
                yield advice(
                    f"actions.{action.name}.input.{name}", "The parameter has no title.", "Give it a label for forms."
                )


def _texts(subject: Subject) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    manifest = subject.manifest
    yield "description", manifest.description, (manifest.name, manifest.display_name)
    for number, scheme in enumerate(manifest.auth_schemes):
        place = f"auth_schemes[{number}]"
        yield place, scheme.description, (scheme.display_name,)
        for field in scheme.fields:
            yield f"{place}.fields.{field.name}", field.description, (field.name, field.display_name)
        if scheme.connection_test is not None:
            yield f"{place}.connection_test", scheme.connection_test.description, ()
    for action in manifest.actions:
        yield f"actions.{action.name}", action.description, (action.name, action.title)
        for name, value in action.input_schema.get("properties", {}).items():
            shown = resolve(value, action.input_schema)
            text = shown.get("description", "") if isinstance(shown, dict) else ""
            title = shown.get("title", "") if isinstance(shown, dict) else ""
            yield f"actions.{action.name}.input.{name}", text, (name, str(title))
