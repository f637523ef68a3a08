"""Breaking changes between two manifests of one integration."""

from collections.abc import Iterator

from modulex_mem0.conformance.stability.inputs import narrowed
from modulex_mem0.conformance.stability.outputs import widened
from modulex_mem0.contract import ActionManifest, AuthScheme, IntegrationManifest

__all__ = ["Change", "breaking_changes", "is_new_major"]

#: A place, and what changed there as the beginning of a sentence.
Change = tuple[str, str]


def is_new_major(before: str, now: str) -> bool:
    """Whether a version may break what was built on another. Below 1.0.0 a new minor version may, too."""
    old, new = ([int(part) for part in version.split("+")[0].split("-")[0].split(".")[:3]] for version in (before, now))
    return new[:1] > old[:1] or (old[0] == 0 and new[:2] > old[:2])


def breaking_changes(before: IntegrationManifest, now: IntegrationManifest) -> Iterator[Change]:
    """Everything that was there before and is not any more, or is narrower."""
    if now.name != before.name:
        yield "name", f"The integration {before.name!r} is now called {now.name!r}"
    schemes = {scheme.type: scheme for scheme in now.auth_schemes}
    for number, old in enumerate(before.auth_schemes):
        if old.type not in schemes:
            yield f"auth_schemes[{number}]", f"The way to authenticate {old.type!r} is gone"
        else:
            yield from _scheme(old, schemes[old.type], f"auth_schemes[{number}]")
    actions = {action.name: action for action in now.actions}
    for action in before.actions:
        if action.name not in actions:
            yield f"actions.{action.name}", "The action is gone"
        elif actions[action.name] != action:
            yield from _action(action, actions[action.name], f"actions.{action.name}")


def _scheme(before: AuthScheme, now: AuthScheme, place: str) -> Iterator[Change]:
    fields = {field.name: field for field in now.fields}
    for old in before.fields:
        field = fields.pop(old.name, None)
        inside = f"{place}.fields.{old.name}"
        if field is None:
            yield inside, "The credential field is gone, so stored credentials are refused"
            continue
        if field.required and not old.required:
            yield inside, "The credential field is now required"
        if field.environment_variable != old.environment_variable:
            yield inside, "The credential field is read from another environment variable"
        if field.default != old.default and old.default is not None:
            yield inside, f"The default changed from {old.default!r} to {field.default!r}"
    for name, field in fields.items():
        if field.required:
            yield f"{place}.fields.{name}", "A credential field was added and is required"


def _action(before: ActionManifest, now: ActionManifest, place: str) -> Iterator[Change]:
    yield from narrowed(before.input_schema, now.input_schema, f"{place}.input")
    yield from widened(before.output_schema, now.output_schema, f"{place}.output")
    for hint in ("read_only", "idempotent"):
        if getattr(before.hints, hint) and not getattr(now.hints, hint):
            yield f"{place}.hints", f"The action is not {hint} any more, which hosts rely on"
    for hint in ("destructive", "cross_user"):
        if getattr(now.hints, hint) and not getattr(before.hints, hint):
            yield f"{place}.hints", f"The action is now {hint}, which hosts did not ask their users about"
