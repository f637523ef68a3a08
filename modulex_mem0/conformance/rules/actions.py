"""Rules about single actions: their examples and their hints."""

import re
from collections.abc import Iterator

from jsonschema import Draft202012Validator
from pydantic import BaseModel, ValidationError

from modulex_mem0.conformance.findings import Finding, advice, error
from modulex_mem0.conformance.rules.rule import Subject, rule
from modulex_mem0.contract import Action

__all__ = ["examples", "hints"]


@rule("Every action has an example whose input and output are valid.")
def examples(subject: Subject) -> Iterator[Finding]:
    """Validate each example against the schemas, and its input against the model too.

    People and agents copy examples, and the probes begin from them.
    """
    for action in subject.manifest.actions:
        place = f"actions.{action.name}.example"
        if action.example is None:
            yield advice(place, "There is no example.", "Give an input that works and an output that it may give.")
            continue
        sides = (
            ("input", action.input_schema, action.example.input),
            ("output", action.output_schema, action.example.output),
        )
        for side, schema, value in sides:
            for found in Draft202012Validator(schema).iter_errors(value):
                yield error(
                    f"{place}.{side}{found.json_path[1:]}", f"It is not valid: {found.message:.150}.", "Correct it."
                )
        refusal = _refusal(subject.integration.actions[action.name], action.example.input)
        if refusal:
            yield error(f"{place}.input", f"The action itself refuses it: {refusal}.", "Give an input that works.")
        if action.example.output.get("success") is not True:
            yield error(f"{place}.output", "The example shows a failure.", "Show the output of a call that succeeds.")


def _refusal(action: Action[object, object], value: dict[str, object]) -> str | None:
    """Why the input's model refuses a value that its schema may accept, since a model can check more."""
    if not (isinstance(action.input, type) and issubclass(action.input, BaseModel)):
        return None
    try:
        action.input.model_validate(value)
    except ValidationError as found:
        problem = found.errors(include_url=False)[0]
        place = ".".join(map(str, problem["loc"]))
        return f"{place}: {problem['msg']}".removeprefix(": ")[:150]
    return None


_DESTROYS = re.compile(r"(^|_)(delete|remove|purge|erase|drop|clear|reset|revoke|destroy|overwrite|truncate)(_|$)")
_READS = re.compile(r"^(get|list|search|find|read|fetch|count|check|describe|query)(_|$)")
_CHANGES = re.compile(
    r"^(add|create|update|set|send|post|put|submit|upload|write|move|rename|delete|remove|publish|invite)(_|$)"
)


@rule("Hints are consistent with each other and with the action's name.")
def hints(subject: Subject) -> Iterator[Finding]:
    """Compare the hints with the verb of the name; the probe `methods` observes what is really sent.

    By the hints alone a host asks before a destructive action, and repeats a harmless one.
    """
    for action in subject.manifest.actions:
        place, given = f"actions.{action.name}.hints", action.hints
        if given.read_only and given.destructive:
            yield error(place, "An action that changes nothing cannot destroy.", "Keep one of the two hints.")
        if given.read_only and _CHANGES.search(action.name):
            yield error(place, "The name suggests a change, but the hint is read_only.", "Correct one of the two.")
        if _DESTROYS.search(action.name) and not given.destructive:
            yield error(
                place,
                "The name suggests destruction, but a host would not ask before the action is called.",
                "Set destructive=True, or rename the action.",
            )
        if _READS.search(action.name) and not given.read_only:
            yield advice(place, "The name suggests reading, but the hint is not read_only.", "Correct one of the two.")
        if given.read_only and not given.idempotent:
            yield advice(place, "An action that changes nothing can be repeated.", "Set idempotent=True too.")
