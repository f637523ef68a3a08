"""Rules about the manifest as a whole: names, descriptions, the catalogue card, and what was recorded and released."""

import re
from collections import Counter
from collections.abc import Iterator

from jsonschema import Draft202012Validator

from modulex_mem0.conformance.compatibility import breaking_changes, is_new_major
from modulex_mem0.conformance.findings import Finding, advice, error
from modulex_mem0.conformance.rules.rule import Subject, rule
from modulex_mem0.contract import IntegrationManifest
from modulex_mem0.json_schema import resolve

__all__ = ["categories_and_limits", "described", "manifest_valid", "names", "recorded_current", "stable"]

_NAME = re.compile(r"[a-z][a-z0-9_]*")
# The limit of the narrowest of the agents' tool interfaces.
_LONGEST_NAME = 64


@rule("The manifest satisfies the JSON Schema of manifests.")
def manifest_valid(subject: Subject) -> Iterator[Finding]:
    """Validate the manifest as data: a program that reads it without our models relies on the schema."""
    validator = Draft202012Validator(IntegrationManifest.model_json_schema())
    for found in validator.iter_errors(subject.manifest.model_dump(mode="json")):
        place = found.json_path.removeprefix("$").removeprefix(".") or "manifest"
        yield error(
            place,
            f"The manifest's JSON Schema rejects this: {found.message:.200}.",
            "Declare it as the contract requires.",
        )


@rule("Names are unique, in snake_case, and short enough for every host.")
def names(subject: Subject) -> Iterator[Finding]:
    """Check the integration's name, those of its actions and those of their parameters."""
    manifest = subject.manifest
    for rival in subject.rivals:
        yield error(
            "name",
            f"The name {manifest.name!r} is also claimed by {rival}, and a host keeps only one of the two.",
            "Choose another name, or uninstall one of the two.",
        )
    credential = {field.name for scheme in manifest.auth_schemes for field in scheme.fields}
    for title, count in Counter(action.title.casefold() for action in manifest.actions).items():
        if count > 1:
            yield advice("actions", f"{count} actions have the title {title!r}.", "Give each its own title.")
    for action in manifest.actions:
        place = f"actions.{action.name}"
        if len(action.name) > _LONGEST_NAME:
            yield error(place, f"The name has more than {_LONGEST_NAME} characters.", "Shorten it.")
        if action.name.startswith(f"{manifest.name}_"):
            yield advice(place, "The name repeats the integration's.", "Remove the integration's name from it.")
        for parameter in action.input_schema.get("properties", {}):
            inside = f"{place}.input.{parameter}"
            if not _NAME.fullmatch(parameter) or len(parameter) > _LONGEST_NAME:
                yield error(inside, "The parameter's name is not short snake_case.", "Rename it, as in `page_size`.")
            if parameter in credential:
                yield error(
                    inside,
                    "A credential field has the same name, and some hosts would fill the credential in here.",
                    "Rename one of the two.",
                )


@rule("Every action, parameter and credential field is described in a whole sentence.")
def described(subject: Subject) -> Iterator[Finding]:
    """Check every description: forms show them to people, and agents choose tools by them.

    A missing one is an error, a poor one advice.
    """
    for place, text, labels in _descriptions(subject.manifest):
        fault = _fault_of(text, *labels)
        if fault == "is missing":
            yield error(place, "The description is missing.", "Say in a sentence what it is for, for people.")
        elif fault is not None:
            yield advice(place, f"The description {fault}: {text[:60]!r}.", "Say in a whole sentence what it is for.")
    for action in subject.manifest.actions:
        for name, value in action.input_schema.get("properties", {}).items():
            shown = resolve(value, action.input_schema)
            if not (isinstance(shown, dict) and shown.get("title")):
                yield advice(
                    f"actions.{action.name}.input.{name}", "The parameter has no title.", "Give it a label for forms."
                )


def _descriptions(manifest: IntegrationManifest) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Each description: its place, its text, and the name and the title of what it describes."""
    yield "description", manifest.description, (manifest.name, manifest.display_name)
    for number, scheme in enumerate(manifest.auth_schemes):
        place = f"auth_schemes[{number}]"
        yield place, scheme.description, (scheme.display_name,)
        for field in scheme.fields:
            yield f"{place}.fields.{field.name}", field.description, (field.name, field.display_name)
        if scheme.connection_test is not None:
            yield f"{place}.connection_test", scheme.connection_test.description, ()
    for action in manifest.actions:
        yield f"actions.{action.name}", action.description, (action.name, action.title)
        for name, value in action.input_schema.get("properties", {}).items():
            shown = resolve(value, action.input_schema)
            text = shown.get("description", "") if isinstance(shown, dict) else ""
            title = shown.get("title", "") if isinstance(shown, dict) else ""
            yield f"actions.{action.name}.input.{name}", text, (name, str(title))


_FEWEST_WORDS = 3
_WORD = re.compile(r"[^\W_]+(?:['\N{RIGHT SINGLE QUOTATION MARK}\-][^\W_]+)*")
_SEVERAL_SENTENCES = re.compile(r"[a-z0-9)\"'`][.!?] +[A-Z]")
_UNFINISHED = re.compile(r"([,:;/(\[{\-\N{EN DASH}\N{EM DASH}]|\b(?:and|or|the|a|an|of|to|with|for))$", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"\b(TODO|TBD|FIXME|XXX|lorem ipsum|describe me|description goes here)\b", re.IGNORECASE)
_FULL_STOPS = (".", "!", "?", ".)", ".`", '."', "\N{HORIZONTAL ELLIPSIS}")


def _fault_of(text: str, *labels: str) -> str | None:
    """The fault of a description, as the end of a sentence; None when it is whole.

    It has to begin like a sentence, say more than the name does, and not break off. A full stop at the end is not
    required: connectors in use describe a parameter as `Page number to retrieve`, or end in an example.

    Args:
        text: The description.
        labels: The name and the title of what is described, which do not describe it.
    """
    stripped = text.strip()
    if not stripped:
        return "is missing"
    if _PLACEHOLDER.search(stripped):
        return "is a placeholder"
    words = _words(stripped)
    if len(words) < _FEWEST_WORDS:
        return f"has fewer than {_FEWEST_WORDS} words"
    if words in [_words(label.replace("_", " ")) for label in labels]:
        return "only repeats the name"
    if stripped[0].isalpha() and not stripped[0].isupper() and "_" not in stripped.split()[0]:
        return "does not begin with a capital letter"
    if _UNFINISHED.search(stripped):
        return "breaks off"
    if _SEVERAL_SENTENCES.search(stripped) and not stripped.endswith(_FULL_STOPS):
        return "has several sentences and no full stop at its end"
    return None


def _words(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(text)]


@rule("The catalogue card is complete: actions, categories, a logo, the service's site, limits and quotas.")
def categories_and_limits(subject: Subject) -> Iterator[Finding]:
    """Check what people find an integration by and choose it by."""
    manifest = subject.manifest
    if not manifest.actions:
        yield error("actions", "There is no action.", "Declare at least one.")
    if not manifest.categories:
        yield advice("categories", "The integration is in no category.", "Name at least one.")
    if not manifest.logo:
        yield advice("logo", "There is no logo.", "Give a URL or a name that hosts know.")
    if manifest.logo and manifest.logo.startswith("http:"):
        yield error("logo", "The logo is not loaded over https.", "Use https.")
    if not manifest.app_url:
        yield advice("app_url", "There is no link to the service's site.", "Give its https address.")
    if not manifest.limits:
        yield advice(
            "limits", "No limits or quotas are listed.", "Name the limits that a caller will reach, one per sentence."
        )


@rule("The manifest that an integration ships matches its declarations.")
def recorded_current(subject: Subject) -> Iterator[Finding]:
    """Compare the recorded manifest, by which hosts list an integration, with the derived one, part by part."""
    recorded, derived = subject.recorded, subject.manifest
    if recorded == derived:
        return
    fix = f"Record it again: modulex-mem0 manifest {derived.name}."
    for field in type(derived).model_fields:
        if field != "actions" and getattr(recorded, field) != getattr(derived, field):
            yield error(field, "The recorded manifest differs from the declaration.", fix)
    then = {action.name: action for action in recorded.actions}
    now = {action.name: action for action in derived.actions}
    for name in [*now, *(name for name in then if name not in now)]:
        if then.get(name) != now.get(name):
            yield error(f"actions.{name}", "The recorded manifest differs from the declaration.", fix)
    if list(then) != list(now):
        yield error("actions", "The recorded manifest has the actions in another order.", fix)


@rule("Nothing that was released is removed or narrowed without a new major version.")
def stable(subject: Subject) -> Iterator[Finding]:
    """Compare with the released manifest; where none is given, with the recorded one."""
    before = subject.released or subject.recorded
    if is_new_major(before.version, subject.manifest.version):
        return
    for place, change in breaking_changes(before, subject.manifest):
        yield error(
            place,
            f"{change}, which breaks flows that were built on {before.version}.",
            f"Take the change back, or release it as {int(before.version.split('.')[0]) + 1}.0.0.",
        )
