"""The invariants of every call, whatever was put in and whatever the service sent."""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from jsonschema import Draft202012Validator

from modulex_mem0.conformance.findings import Finding, error
from modulex_mem0.conformance.testbed import AnyAction, CallRecord, described_action
from modulex_mem0.contract import ErrorCode

__all__ = ["broken_invariants"]

_LONGEST_LINE = 700
_USE = "Check what the service sent before using it, and raise ActionError where it cannot be used."
_PATH = "Ask for a path of the service, such as /v1/items, and percent-encode what becomes a part of it."


def broken_invariants(action: AnyAction, record: CallRecord, occasion: str) -> Iterator[Finding]:
    """The invariants that a call broke.

    Args:
        action: The action that was called.
        record: What was observed.
        occasion: What was special about the call, such as `a cut body`.
    """
    place = f"actions.{action.name}"
    if record.result is None:
        yield error(place, f"With {occasion} the call raised {record.raised!r:.200}.", "Raise ActionError instead.")
        return
    result = record.result
    if record.code == ErrorCode.INTERNAL:
        message = result.error.message if result.error else ""
        cause = record.log.last_exception(_folder(action)) or message
        yield error(
            place, f"With {occasion} the action's own code breaks: {cause}.", _PATH if "path" in message else _USE
        )
    for found in _output_validator(action).iter_errors(result.output):
        yield error(
            f"{place}.output{found.json_path[1:]}",
            f"With {occasion} the output does not satisfy its schema: {found.message:.150}.",
            "Build the output from its model, and let the model validate.",
        )
        break
    line = result.output.get("error")
    if result.success is not (line is None):
        yield error(
            place,
            f"With {occasion} success is {result.success} and error is {line!r:.60}.",
            "Set `error` where the call failed, and only there.",
        )
    if isinstance(line, str) and (len(line) > _LONGEST_LINE or not line.isprintable()):
        yield error(
            place,
            f"With {occasion} the error is not one short line: {len(line)} characters, {line[:40]!r}…",
            "Take the service's reason from its reply, and shorten it.",
        )


def _folder(action: AnyAction) -> Path | None:
    code = getattr(action.handler, "__code__", None)
    return Path(code.co_filename).parent if code else None


@lru_cache(maxsize=256)
def _output_validator(action: AnyAction) -> Draft202012Validator:
    """Validates outputs independently of the models that made them."""
    return Draft202012Validator(described_action(action).output_schema)
