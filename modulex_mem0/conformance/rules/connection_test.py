"""The Test button must tell a good credential from a bad one, and may be pressed at any time."""

from collections.abc import Iterator

from modulex_mem0.conformance.finding import Problem, advice, error
from modulex_mem0.conformance.rule import rule
from modulex_mem0.conformance.subject import Subject
from modulex_mem0.contract import ConnectionTest

__all__ = ["connection_test"]

_HARMLESS = frozenset({"GET"})


@rule("Each way to authenticate declares a harmless request that tests the credential.")
def connection_test(subject: Subject) -> Iterator[Problem]:
    """Check that there is a test, and that it cannot change anything."""
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
        if test.method not in _HARMLESS and not _asks_only(test):
            yield error(
                place,
                f"{test.method} may change something each time that the Test button is pressed.",
                "Use a GET; if the service has none, end the description with `changes nothing` and be sure of it.",
            )
        if test.method in _HARMLESS and test.body is not None:
            yield error(place, f"A {test.method} with a body is refused or ignored by servers.", "Remove the body.")
        if test.url.startswith("http://"):
            yield error(place, "The address is not encrypted, and the credential is sent to it.", "Use https.")
        if not (test.success_fields or test.present_fields):
            yield advice(
                place,
                "Any page that answers with the right status passes the test.",
                "Name a field of the reply that only the service sends, in success_fields or present_fields.",
            )


def _asks_only(test: ConnectionTest) -> bool:
    return "changes nothing" in test.description.lower()
