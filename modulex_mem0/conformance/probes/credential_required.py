"""Without its credential a call is refused, and nothing is sent."""

from collections.abc import AsyncIterator

from modulex_mem0.conformance.bench import AnyAction, Bench
from modulex_mem0.conformance.finding import Problem, error
from modulex_mem0.conformance.probe import probe
from modulex_mem0.conformance.promises import broken_promises

__all__ = ["credential_required"]

_REFUSALS = frozenset({"missing_credential", "invalid_input", "unauthorized"})


@probe("A call with a missing, blank or unusable credential is refused before anything is sent.")
async def credential_required(bench: Bench, action: AnyAction) -> AsyncIterator[Problem]:
    """Take the credential's values away, or spoil them."""
    for name in bench.credential:
        rest = {key: value for key, value in bench.credential.items() if key != name}
        for occasion, given in (
            ("is missing", rest),
            ("is blank", {**rest, name: "  "}),
            ("holds a line break", {**rest, name: f"{bench.credential[name][:9]}\r\nX-Injected: 1"}),
        ):
            observed = await bench.call(action, credential=given)
            for problem in broken_promises(action, observed, f"a credential whose {name} {occasion}"):
                yield problem
            if observed.requests or observed.code not in _REFUSALS:
                yield error(
                    f"actions.{action.name}",
                    f"With a credential whose {name} {occasion} the call goes on.",
                    "Mark the field as required, and leave the credential to the runtime.",
                )
