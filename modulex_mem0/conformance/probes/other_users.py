"""What belongs to another user is not returned, even if the service sends it."""

import json
from collections.abc import AsyncIterator

from modulex_mem0.conformance.bench import AnyAction, Bench
from modulex_mem0.conformance.faults import Reply, Request, json_reply
from modulex_mem0.conformance.finding import Problem, error
from modulex_mem0.conformance.probe import probe

__all__ = ["other_users"]

_STRANGER = "someone-else"
_PRIVATE = "private-to-someone-else"


@probe("What the service sends of another user is not returned, where the integration has an owner parameter.")
async def other_users(bench: Bench, action: AnyAction) -> AsyncIterator[Problem]:
    """Answer with another user's data to a call for one user."""
    owner, good = bench.kit.owner, bench.good_reply(action)
    user = bench.input_of(action).get(owner) if owner else None
    if not isinstance(user, str) or action.name not in bench.kit.replies:
        return

    def strangers(request: Request) -> Reply:
        return json_reply(_of_a_stranger(json.loads(good(request).body), owner or "", user))

    observed = await bench.call(action, answer=strangers)
    if observed.result is not None and _PRIVATE in json.dumps(observed.result.output):
        yield error(
            f"actions.{action.name}",
            f"Asked for {owner} {user!r} it returns what the service says is {_STRANGER}'s.",
            "Compare the owner of each thing that the service sends with the one that was asked for.",
        )


def _of_a_stranger(value: object, owner: str, user: str) -> object:
    """A reply whose things belong to another user: where the owner is told, all texts beside it are private."""
    if isinstance(value, list):
        return [_of_a_stranger(part, owner, user) for part in value]
    if not isinstance(value, dict):
        return value
    changed = {name: _of_a_stranger(part, owner, user) for name, part in value.items()}
    if value.get(owner) != user:
        return changed
    private = {name: f"{_PRIVATE}: {part}" for name, part in changed.items() if isinstance(part, str) and name != "id"}
    return {**changed, **private, owner: _STRANGER}
