"""The page of an integration: overview, authentication, actions, limits."""

from collections.abc import Iterator

from modulex_mem0.conformance.page.authentication import authentication_section, scheme_word
from modulex_mem0.conformance.page.markdown import json_block, prose
from modulex_mem0.conformance.page.parameters import parameter_lists
from modulex_mem0.conformance.page.shown_schema import ordered
from modulex_mem0.contract import ActionManifest, Hints, IntegrationManifest

__all__ = ["connector_page"]

_HINTS = {
    "read_only": "reads only",
    "idempotent": "can be repeated",
    "destructive": "may delete or overwrite",
    "cross_user": "reaches beyond one user",
}


def connector_page(manifest: IntegrationManifest) -> str:
    """The page in Markdown, ending with a newline."""
    return "\n\n".join(_blocks(manifest)) + "\n"


def _blocks(manifest: IntegrationManifest) -> Iterator[str]:
    yield f"<!-- Derived from the declarations by `modulex-mem0 docs {manifest.name}`; edit those. -->"
    yield f"# {prose(manifest.display_name)}"
    yield "## Overview"
    yield prose(manifest.description)
    yield _facts(manifest)
    yield from authentication_section(manifest.auth_schemes)
    yield "## Available Actions"
    for action in manifest.actions:
        yield from _action(action)
    yield "## Limits & Quotas"
    yield "\n".join(f"- {prose(limit)}" for limit in manifest.limits) or "None are declared."


def _facts(manifest: IntegrationManifest) -> str:
    auth = ", ".join(dict.fromkeys(scheme_word(scheme) for scheme in manifest.auth_schemes)) or "None"
    facts = [f"Categories: {' · '.join(manifest.categories)}"] if manifest.categories else []
    return prose(" · ".join([*facts, f"Auth: {auth}", f"Actions: {len(manifest.actions)}"]))


def _action(action: ActionManifest) -> Iterator[str]:
    yield f"### {prose(action.title)}"
    yield f"`{action.name}` — {_behaviour(action.hints)}"
    yield prose(action.description)
    for heading, parameters in parameter_lists(action.input_schema):
        yield f"#### {heading}"
        yield parameters.rstrip("\n")
    if action.example is not None:
        yield "#### Example"
        yield json_block(action.example.input)
    yield "#### Response"
    yield json_block(ordered(action.output_schema))


def _behaviour(hints: Hints) -> str:
    return ", ".join(words for name, words in _HINTS.items() if getattr(hints, name)) or "changes data"
