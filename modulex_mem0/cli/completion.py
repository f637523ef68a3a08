"""Completion in a shell: integrations, actions, the parameters of `-p`, their values, and files after `@`.

Works from manifests, which are data for an integration that records its own, and sends no request. A word that cannot
be completed has no completions. Nothing that fails here is reported: it would be written into the line being typed.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import BashComplete, CompletionItem, add_completion_class, split_arg_string

if TYPE_CHECKING:
    from modulex_mem0.contract import IntegrationManifest

__all__ = ["actions", "assignments", "input_files", "integrations", "register"]

Items = list[CompletionItem[str]]

# Click's own script gives the words as bash splits them, at `=` and `@` too, and adds a space after `name=`.
_BASH_SCRIPT = """\
%(complete_func)s() {
    local type value
    COMPREPLY=()
    while IFS=, read -r type value; do
        case $type in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            path) COMPREPLY+=("$value"); compopt -o filenames ;;
            open) COMPREPLY+=("$value"); compopt -o nospace ;;
            plain) COMPREPLY+=("$value") ;;
        esac
    done < <(COMP_WORDS="${COMP_LINE:0:COMP_POINT}" COMP_WORD="$2" %(complete_var)s=bash_complete "$1" 2>/dev/null)
} 2>/dev/null

complete -o nosort -F %(complete_func)s %(prog_name)s
"""


def integrations(context: click.Context, parameter: click.Parameter, incomplete: str) -> Items:
    """The names of the installed integrations."""
    from modulex_mem0.cli.options import discovered  # noqa: PLC0415 - it uses this module, and needs pydantic

    return [CompletionItem(name) for name in _beginning(incomplete, discovered())]


def actions(context: click.Context, parameter: click.Parameter, incomplete: str) -> Items:
    """The names of the actions of the integration that `--integration` names, with their titles."""
    manifest = _manifest(context)
    titles = {action.name: action.title for action in manifest.actions} if manifest else {}
    return [CompletionItem(name, help=titles[name]) for name in _beginning(incomplete, titles)]


def assignments(context: click.Context, parameter: click.Parameter, incomplete: str) -> Items:
    """`name=` for each parameter of the action that is not given yet; after that its values, or files after `@`."""
    properties, schema = _parameters(context)
    name, equals, value = incomplete.partition("=")
    if not equals:
        given = {text.partition("=")[0] for text in context.params.get("assignments") or ()}
        names = [name for name in _beginning(incomplete, properties) if name not in given]
        return [CompletionItem(f"{name}=", help=_help(properties[name])) for name in names]
    if value.startswith("@"):
        return [CompletionItem(f"{name}={path}") for path in _files(value)]
    values = _values(properties.get(name, {}), schema)
    return [CompletionItem(f"{name}={one}") for one in _beginning(value, values)]


def input_files(context: click.Context, parameter: click.Parameter, incomplete: str) -> Items:
    """The files that `--input @FILE` may name."""
    return [CompletionItem(path) for path in _files(incomplete)] if incomplete.startswith("@") else []


def register() -> None:
    """Have click use our script for bash; its own serve the other shells."""
    add_completion_class(_BashComplete)


class _BashComplete(BashComplete):
    """Completion for bash that knows where bash splits words, and where no space may follow."""

    source_template = _BASH_SCRIPT

    def get_completion_args(self) -> tuple[list[str], str]:
        """The complete words before the cursor, and the one that the cursor is in."""
        line = os.environ["COMP_WORDS"]
        words = split_arg_string(line)[1:]
        incomplete = words.pop() if words and not line[-1:].isspace() else ""
        # Bash splits at `=` and `@`, and replaces the last part only.
        part = os.environ.get("COMP_WORD", "")
        self._kept = len(incomplete) - len(part) if incomplete.endswith(part) else 0
        return words, incomplete

    def format_completion(self, item: CompletionItem[Any]) -> str:
        """The type of a completion, which says what may follow it, and the part that replaces bash's word."""
        kind = item.type
        if kind == "plain" and item.value.endswith("="):
            kind = "open"
        elif kind == "plain" and (item.value.startswith("@") or "=@" in item.value):
            kind = "path"
        return f"{kind},{item.value[self._kept :]}"


def _beginning(incomplete: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]


def _files(incomplete: str) -> Iterator[str]:
    folder, slash, start = incomplete.removeprefix("@").rpartition("/")
    with suppress(OSError, ValueError):
        for name in sorted(entry.name for entry in Path(f"{folder}{slash}" or ".").iterdir()):
            if name.startswith(start) and (start or not name.startswith(".")):
                yield f"@{folder}{slash}{name}"


def _manifest(context: click.Context) -> "IntegrationManifest | None":
    from modulex_mem0.cli import options  # noqa: PLC0415 - as above

    with suppress(click.ClickException):
        name = context.params.get("integration") or options.default_integration()
        return options.manifest_of(options.find_integration(options.discovered(), name))
    return None


def _parameters(context: click.Context) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The parameters of the action that the line calls, and the schema that they are in."""
    manifest = _manifest(context)
    # Click leaves the arguments alone when the line ends in an option without its value.
    called = context.params.get("action") or next(iter(context.args), None)
    for action in manifest.actions if manifest else ():
        if action.name == called:
            return action.input_schema.get("properties", {}), action.input_schema
    return {}, {}


def _values(part: object, schema: Mapping[str, Any]) -> list[str]:
    """The values of a parameter, where there are only a few."""
    from modulex_mem0.json_schema import json_types, resolve  # noqa: PLC0415 - needed for values alone

    with suppress(LookupError):
        part = resolve(part, schema)
        if isinstance(part, Mapping) and "enum" in part:
            return [str(value) for value in part["enum"]]
        if json_types(part, schema) == {"boolean"}:
            return ["true", "false"]
    return []


def _help(part: object) -> str | None:
    return part.get("description") if isinstance(part, Mapping) else None
