"""A person has to know which fields to fill in, and where their values come from."""

from collections import Counter
from collections.abc import Iterator

from modulex_mem0.conformance.finding import Problem, advice, error
from modulex_mem0.conformance.rule import rule
from modulex_mem0.conformance.subject import Subject
from modulex_mem0.contract import AuthScheme

__all__ = ["credential_fields"]


@rule("The credential's fields are complete, explained, and each has its own environment variable.")
def credential_fields(subject: Subject) -> Iterator[Problem]:
    """Check each scheme's fields and links."""
    for number, scheme in enumerate(subject.manifest.auth_schemes):
        place = f"auth_schemes[{number}]"
        yield from _links(scheme, place)
        if scheme.type == "oauth2" and scheme.oauth2 is None:
            yield error(
                place, "A host is not told where to obtain the token.", "Declare the service's endpoints in oauth2."
            )
        if scheme.type != "none" and not any(field.required for field in scheme.fields):
            yield error(
                place,
                "No field of the scheme is required, so a call without a credential would be sent.",
                "Mark what the service insists on as required, or declare no scheme.",
            )
        variables = Counter(field.environment_variable for field in scheme.fields)
        for variable, count in variables.items():
            if count > 1:
                yield error(place, f"{count} fields are read from {variable}.", "Give each field its own variable.")
        for field in scheme.fields:
            inside = f"{place}.fields.{field.name}"
            if field.required and field.default is not None:
                yield error(inside, "The field is required and has a default.", "Keep one of the two.")
            if field.required and field.advanced:
                yield error(inside, "A simple form hides the field, and it is required.", "Keep one of the two.")
            if not field.environment_variable.startswith(subject.manifest.name.upper() + "_"):
                yield advice(
                    inside,
                    f"{field.environment_variable} could belong to another integration.",
                    f"Begin it with {subject.manifest.name.upper()}_.",
                )


def _links(scheme: AuthScheme, place: str) -> Iterator[Problem]:
    for field in scheme.fields:
        inside = f"{place}.fields.{field.name}"
        if field.required and field.help_url is None:
            yield advice(inside, "Nothing leads to where the value is found.", "Give the field a help_url.")
        if field.help_url is not None and not field.help_url.startswith("https://"):
            yield error(inside, "The help link is not https.", "Link to an https page.")
