"""What every answer of every call promises, whatever went in and whatever the service sent."""

from collections.abc import Iterator

from modulex_mem0.conformance.bench import AnyAction
from modulex_mem0.conformance.described_action import output_validator
from modulex_mem0.conformance.finding import Problem, error
from modulex_mem0.conformance.observed import Observed
from modulex_mem0.contract import ErrorCode

__all__ = ["broken_promises"]

_LONGEST_LINE = 700


def broken_promises(action: AnyAction, observed: Observed, occasion: str) -> Iterator[Problem]:
    """The promises that a call did not keep.

    Args:
        action: What was called.
        observed: How it went.
        occasion: What was special about the call, such as `a cut body`.
    """
    place = f"actions.{action.name}"
    if observed.result is None:
        yield error(place, f"With {occasion} the call raised {observed.raised!r:.200}.", "Raise ActionError instead.")
        return
    result = observed.result
    if observed.code == ErrorCode.INTERNAL:
        cause = observed.heard.last_exception or (result.error.message if result.error else "")
        yield error(
            place,
            f"With {occasion} the action's own code breaks: {cause}.",
            "Check what the service sent before it is used, and raise ActionError where it is no use.",
        )
    for found in output_validator(action).iter_errors(result.output):
        yield error(
            f"{place}.output{found.json_path[1:]}",
            f"With {occasion} the output does not satisfy its schema: {found.message:.150}.",
            "Build the output from its model, and let the model validate.",
        )
        break
    line = result.output.get("error")
    if result.success is not (line is None):
        yield error(place, f"With {occasion} success is {result.success} and error is {line!r:.60}.", "Keep to one.")
    if isinstance(line, str) and (len(line) > _LONGEST_LINE or not line.isprintable()):
        yield error(
            place,
            f"With {occasion} the error is not one short line: {len(line)} characters, {line[:40]!r}…",
            "Take the service's reason from its reply, and cut it.",
        )
