"""A program that reads the manifest without our models can rely on its JSON Schema."""

from collections.abc import Iterator

from jsonschema import Draft202012Validator

from modulex_mem0.conformance.finding import Problem, error
from modulex_mem0.conformance.rule import rule
from modulex_mem0.conformance.subject import Subject
from modulex_mem0.contract import IntegrationManifest

__all__ = ["manifest_valid"]


@rule("The manifest satisfies the manifests' JSON Schema.")
def manifest_valid(subject: Subject) -> Iterator[Problem]:
    """Validate the manifest as data."""
    validator = Draft202012Validator(IntegrationManifest.model_json_schema())
    for found in validator.iter_errors(subject.manifest.model_dump(mode="json")):
        place = found.json_path.removeprefix("$").removeprefix(".") or "manifest"
        yield error(
            place, f"The manifest's JSON Schema refuses this: {found.message:.200}.", "Declare what the contract asks."
        )
