"""An example is what people and agents copy; the kit's probes begin from it as well."""

from collections.abc import Iterator

from jsonschema import Draft202012Validator
from pydantic import BaseModel, ValidationError

from modulex_mem0.conformance.finding import Problem, advice, error
from modulex_mem0.conformance.rule import rule
from modulex_mem0.conformance.subject import Subject
from modulex_mem0.contract import Action

__all__ = ["examples"]


@rule("Every action has an example whose input and output are valid.")
def examples(subject: Subject) -> Iterator[Problem]:
    """Validate each example against the schemas, and its input against the model too."""
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
        return str(found.errors(include_url=False)[0]["msg"])[:150]
    return None
