"""Hosts ask before a destructive action, hide what reaches too far, and repeat what is harmless: by the hints alone."""

import re
from collections.abc import Iterator

from modulex_mem0.conformance.finding import Problem, advice, error
from modulex_mem0.conformance.rule import rule
from modulex_mem0.conformance.subject import Subject

__all__ = ["hints"]

_DESTROYS = re.compile(r"(^|_)(delete|remove|purge|erase|drop|clear|reset|revoke|destroy|overwrite|truncate)(_|$)")
_READS = re.compile(r"^(get|list|search|find|read|fetch|count|check|describe|query)(_|$)")
_CHANGES = re.compile(
    r"^(add|create|update|set|send|post|put|submit|upload|write|move|rename|delete|remove|publish|invite)(_|$)"
)


@rule("Hints are consistent with each other and with what the action's name says.")
def hints(subject: Subject) -> Iterator[Problem]:
    """Judge by the hints and the verb of the name; the probe `methods` observes what is really sent."""
    for action in subject.manifest.actions:
        place, given = f"actions.{action.name}.hints", action.hints
        if given.read_only and given.destructive:
            yield error(place, "An action that changes nothing cannot destroy.", "Keep one of the two hints.")
        if given.read_only and _CHANGES.search(action.name):
            yield error(place, "The name tells of a change, and the hint is read_only.", "Correct one of the two.")
        if _DESTROYS.search(action.name) and not given.destructive:
            yield error(
                place,
                "The name tells of destruction, and a host would not ask before it is called.",
                "Set destructive=True, or rename the action.",
            )
        if _READS.search(action.name) and not given.read_only:
            yield advice(place, "The name tells of reading, and the hint is not read_only.", "Correct one of the two.")
        if given.read_only and not given.idempotent:
            yield advice(place, "What changes nothing can be repeated.", "Set idempotent=True too.")
