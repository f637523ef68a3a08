"""A secret that is not marked as one is shown on forms and in logs."""

import re
from collections.abc import Iterator

from modulex_mem0.conformance.finding import Problem, error
from modulex_mem0.conformance.rule import rule
from modulex_mem0.conformance.subject import Subject

__all__ = ["secrets_marked"]

_SECRET = re.compile(r"(^|_)(api_?key|key|token|secret|password|passwd|passphrase|pin|pat|credential|private)(_|$)")
_PUBLIC = re.compile(r"(^|_)public_key(_|$)|_(id|name|url|uri|type|scheme|header)$")
_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")


@rule("Secrets are marked as sensitive, have no default, and stand in no URL.")
def secrets_marked(subject: Subject) -> Iterator[Problem]:
    """Judge by names: a key, token, secret or password is sensitive."""
    for number, scheme in enumerate(subject.manifest.auth_schemes):
        place = f"auth_schemes[{number}]"
        sensitive = {field.name for field in scheme.fields if field.sensitive}
        for field in scheme.fields:
            inside = f"{place}.fields.{field.name}"
            if not field.sensitive and _SECRET.search(field.name) and not _PUBLIC.search(field.name):
                yield error(inside, "The name tells of a secret, and it is not marked.", "Set sensitive=True.")
            if field.sensitive and field.default is not None:
                yield error(inside, "A secret has a default, which everyone can read.", "Remove the default.")
        for name in sensitive.intersection(_PLACEHOLDER.findall(scheme.base_url or "")):
            yield error(
                f"{place}.base_url",
                f"The secret {name!r} is a part of the URL, and URLs are written to logs.",
                "Send it in a header.",
            )
        base = scheme.base_url or ""
        if base.startswith("http://"):
            yield error(f"{place}.base_url", "The address is not encrypted.", "Use https.")
