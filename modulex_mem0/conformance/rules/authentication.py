"""Rules about authentication: the credential's fields, its secrets, the set-up steps and the connection test."""

import re
from collections import Counter
from collections.abc import Iterator

from modulex_mem0.conformance.findings import Finding, advice, error
from modulex_mem0.conformance.rules.rule import Subject, rule
from modulex_mem0.contract import AuthScheme, ConnectionTest, Template

__all__ = ["connection_test", "credential_fields", "secrets_marked", "setup_steps"]

_KEEP_ONE = "Keep one of the two."


@rule("The credential's fields are complete and explained, and each has its own environment variable.")
def credential_fields(subject: Subject) -> Iterator[Finding]:
    """Check each scheme's fields and links: people have to know what to fill in, and where it comes from."""
    for number, scheme in enumerate(subject.manifest.auth_schemes):
        place = f"auth_schemes[{number}]"
        yield from _links(scheme, place)
        if scheme.type == "oauth2" and scheme.oauth2 is None:
            yield error(
                place,
                "A host cannot know where to obtain the token.",
                "Declare the service's endpoints in oauth2.",
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
        prefix = f"{subject.manifest.name.upper()}_"
        for field in scheme.fields:
            inside = f"{place}.fields.{field.name}"
            if field.required and field.default is not None:
                yield error(inside, "The field is required and has a default.", _KEEP_ONE)
            if field.required and field.advanced:
                yield error(inside, "The field is required, and a simple form hides it.", _KEEP_ONE)
            if not field.environment_variable.startswith(prefix):
                yield advice(
                    inside,
                    f"{field.environment_variable} could belong to another integration.",
                    f"Begin it with {prefix}.",
                )


def _links(scheme: AuthScheme, place: str) -> Iterator[Finding]:
    for field in scheme.fields:
        inside = f"{place}.fields.{field.name}"
        if field.required and field.help_url is None:
            yield advice(inside, "No link leads to where the value is found.", "Give the field a help_url.")
        if field.help_url is not None and not field.help_url.startswith("https://"):
            yield error(inside, "The help link is not https.", "Link to an https page.")


_SECRET = re.compile(r"(^|_)(api_?key|key|token|secret|password|passwd|passphrase|pin|pat|credential|private)(_|$)")
_PUBLIC = re.compile(r"(^|_)public_key(_|$)|_(id|name|url|uri|type|scheme|header)$")


@rule("Secrets are marked as sensitive, have no default, and appear in no URL.")
def secrets_marked(subject: Subject) -> Iterator[Finding]:
    """Judge by names: a key, token, secret or password is sensitive."""
    for number, scheme in enumerate(subject.manifest.auth_schemes):
        place = f"auth_schemes[{number}]"
        sensitive = {field.name for field in scheme.fields if field.sensitive}
        for field in scheme.fields:
            inside = f"{place}.fields.{field.name}"
            if not field.sensitive and _SECRET.search(field.name) and not _PUBLIC.search(field.name):
                yield error(
                    inside, "The name suggests a secret, but the field is not marked as one.", "Set sensitive=True."
                )
            if field.sensitive and field.default is not None:
                yield error(inside, "A secret has a default, which everyone can read.", "Remove the default.")
        base = scheme.base_url or ""
        for name in sensitive.intersection(Template(base).names):
            yield error(
                f"{place}.base_url",
                f"The secret {name!r} is a part of the URL, and URLs are written to logs.",
                "Send it in a header.",
            )
        if base.startswith("http://"):
            yield error(f"{place}.base_url", "The address is not encrypted.", "Use https.")


_NUMBERED = re.compile(r"(step\s*)?\d+\s*[.:)]", re.IGNORECASE)


@rule("Each way to authenticate says, step by step, how to obtain the credential.")
def setup_steps(subject: Subject) -> Iterator[Finding]:
    """Check that the steps are there and read as steps."""
    for number, scheme in enumerate(subject.manifest.auth_schemes):
        place = f"auth_schemes[{number}].setup_steps"
        if scheme.type != "none" and not scheme.setup_steps:
            yield error(place, "There are no set-up steps.", "Say in order what a person does to get the credential.")
        for index, step in enumerate(scheme.setup_steps):
            if not step.strip():
                yield error(f"{place}[{index}]", "The step is empty.", "Say what to do, or remove it.")
            elif _NUMBERED.match(step):
                yield advice(f"{place}[{index}]", "The step is numbered, but hosts number steps.", "Remove the number.")


_HARMLESS = frozenset({"GET"})


@rule("Each way to authenticate declares a harmless request that tests the credential.")
def connection_test(subject: Subject) -> Iterator[Finding]:
    """Check that the Test button can tell a good credential from a bad one, and cannot change anything."""
    for number, scheme in enumerate(subject.manifest.auth_schemes):
        place = f"auth_schemes[{number}].connection_test"
        test = scheme.connection_test
        if scheme.type == "none":
            continue
        if test is None:
            yield error(
                place,
                "There is no connection test, so a host cannot say whether a credential works.",
                "Declare a request that needs the credential and changes nothing.",
            )
            continue
        if test.method not in _HARMLESS and not _says_harmless(test):
            yield error(
                place,
                f"{test.method} may change something each time that the Test button is pressed.",
                "Use a GET; if the service has none, end the description with `changes nothing` and be sure of it.",
            )
        if test.method in _HARMLESS and test.body is not None:
            yield error(place, f"Servers refuse or ignore a {test.method} with a body.", "Remove the body.")
        if test.url.startswith("http://"):
            yield error(place, "The address is not encrypted, and the credential is sent to it.", "Use https.")
        if not (test.success_fields or test.present_fields):
            yield advice(
                place,
                "Any page that answers with the right status passes the test.",
                "Name a field of the reply that only the service sends, in success_fields or present_fields.",
            )


def _says_harmless(test: ConnectionTest) -> bool:
    return "changes nothing" in test.description.lower()
