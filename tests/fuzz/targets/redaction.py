"""A secret that is anywhere in a text, a JSON value, a header or the body of a reply does not come out.

A case: `{"secrets": […], "text": …, "json": …, "raw": …, "spelling": […]}`. `{0}`, `{1}` and so on in its texts stand
for the secrets; `spelling` says how the JSON of the body writes a secret's characters.
"""

import json
import re
from typing import Any

from pydantic import SecretStr

from modulex_mem0.runtime.http.reply import HttpReply
from modulex_mem0.runtime.redaction import MASK, Redactor
from tests.fuzz.targets.shapes import mapping, sequence, text

__all__ = ["check"]

# Shorter secrets are not masked, as they stand in ordinary text by chance.
_SHORTEST = 4
_TEXT = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"')


def check(case: Any) -> None:
    """Raise if the property does not hold."""
    case = mapping(case)
    secrets = [secret for secret in sequence(case.get("secrets")) if _is_a_secret(secret)]
    redactor = Redactor([SecretStr(secret) for secret in secrets])
    planted = _plant(text(case.get("text")), secrets)
    _check_clean(redactor.text(planted), secrets)
    value = _plant(case.get("json"), secrets)
    _check_clean(redactor.value(value), secrets)
    _check_body(redactor, _spelt(case.get("json"), secrets, sequence(case.get("spelling"))), secrets)
    raw = planted.encode("utf-8", "surrogatepass")
    _check_clean(redactor.body(raw).decode("utf-8", "surrogatepass"), secrets)
    reply = HttpReply(400, {"x-echo": planted}.get, redactor.body(raw), redactor)
    _check_clean(reply.header("x-echo"), secrets)
    if not _may_hold(planted, secrets):
        assert redactor.text(planted) == planted
        assert redactor.body(raw) == raw


def _is_a_secret(secret: Any) -> bool:
    """Whether a credential takes it. One with asterisks can be read into the mask itself."""
    return (
        isinstance(secret, str)
        and len(secret) >= _SHORTEST
        and secret.isascii()
        and secret.isprintable()
        and secret == secret.strip()
        and "*" not in secret
    )


def _plant(value: Any, secrets: list[str]) -> Any:
    if isinstance(value, str):
        for number, secret in enumerate(secrets):
            value = value.replace(f"{{{number}}}", secret)
        return value
    if isinstance(value, list):
        return [_plant(item, secrets) for item in value]
    if isinstance(value, dict):
        return {_plant(name, secrets): _plant(item, secrets) for name, item in value.items()}
    return value


def _spelt(value: Any, secrets: list[str], spelling: list[Any]) -> bytes:
    """The JSON of a value in which the secrets are written in one of the ways that JSON has."""
    written = json.dumps(value)
    for number, secret in enumerate(secrets):
        ways = [spelling[at % len(spelling)] if spelling else 0 for at in range(len(secret))]
        written = written.replace(f"{{{number}}}", "".join(map(_written, secret, ways)))
    return written.encode()


def _written(character: str, way: Any) -> str:
    plain = json.dumps(character)[1:-1]
    ways = [plain, f"\\u{ord(character):04x}", f"\\u{ord(character):04X}", "\\/" if character == "/" else plain]
    return ways[way % len(ways)] if isinstance(way, int) else plain


def _check_body(redactor: Redactor, body: bytes, secrets: list[str]) -> None:
    """A body stays JSON of the same shape, and no text in it holds a secret."""
    masked = redactor.body(body)
    _check_clean(masked.decode("utf-8", "surrogatepass"), secrets)
    # One of digits alone may be a number, and one with a quotation mark the end of one text and the begin of the next.
    # Four digits may be those of an escape.
    written = body.decode()
    beside = _TEXT.sub('""', written) + "".join(re.findall(r"\\u[0-9A-Fa-f]{4}", written))
    if any('"' in secret or secret in beside for secret in secrets):
        return
    before, after = json.loads(body), json.loads(masked)
    _check_clean(after, secrets)
    # An escape may look like the beginning of a secret, and so may its letter.
    looks = any(secret in written or secret in written.replace("\\", "") for secret in secrets)
    if not looks and not any(_may_hold(found, secrets) for found in _texts(before)):
        assert after == before


def _may_hold(text: str, secrets: list[str]) -> bool:
    """Whether a text holds a secret, as it is or maybe as a URL or Python writes it."""
    return "%" in text or "\\" in text or any(secret in text for secret in secrets)


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return [text for item in value for text in _texts(item)]
    if isinstance(value, dict):
        return [text for name, item in value.items() for text in (name, *_texts(item))]
    return []


def _check_clean(value: Any, secrets: list[str]) -> None:
    for found in _texts(value):
        for secret in secrets:
            # What stands on either side of a mask does not belong together.
            assert not any(secret in part for part in found.split(MASK)), found
