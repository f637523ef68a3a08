"""A host lists an integration by its recorded manifest and calls it by its declarations."""

from collections.abc import Iterator

from modulex_mem0.conformance.finding import Problem, error
from modulex_mem0.conformance.rule import rule
from modulex_mem0.conformance.subject import Subject

__all__ = ["recorded_current"]

_MEND = "Write it anew: modulex-mem0 manifest NAME."


@rule("The manifest that an integration ships is the one that its declarations give.")
def recorded_current(subject: Subject) -> Iterator[Problem]:
    """Compare what is recorded with what is derived, part by part."""
    recorded, derived = subject.recorded, subject.manifest
    if recorded == derived:
        return
    for field in type(derived).model_fields:
        if field != "actions" and getattr(recorded, field) != getattr(derived, field):
            yield error(field, "The recorded manifest differs from the declaration.", _MEND)
    then = {action.name: action for action in recorded.actions}
    now = {action.name: action for action in derived.actions}
    for name in [*now, *(name for name in then if name not in now)]:
        if then.get(name) != now.get(name):
            yield error(f"actions.{name}", "The recorded manifest differs from the declaration.", _MEND)
    if list(then) != list(now):
        yield error("actions", "The recorded manifest has the actions in another order.", _MEND)
