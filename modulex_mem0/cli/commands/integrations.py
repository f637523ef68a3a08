"""`integrations`: what is installed, and what failed to load."""

from dataclasses import asdict, dataclass

import click

from modulex_mem0.cli import options
from modulex_mem0.cli.installed import manifest_of
from modulex_mem0.cli.json_text import json_text
from modulex_mem0.cli.table import table
from modulex_mem0.runtime import LoadFailure, Registry, discover

__all__ = ["command"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    name: str
    display_name: str
    version: str
    distribution: str
    actions: int
    authentication: list[str]


@click.command()
@options.as_json
def command(*, as_json: bool) -> None:
    """List what is installed, and what failed to load.

    An integration is any distribution with an entry point in the group `modulex`. One that fails to load takes no other
    down: it is listed with the reason, and the command still exits 0.
    """
    rows, failures = _survey(discover())
    if as_json:
        answer = {"integrations": [asdict(row) for row in rows], "failures": [asdict(f) for f in failures]}
        click.echo(json_text(answer))
        return
    click.echo(_installed(rows) if rows else "No integration is installed.")
    if failures:
        click.echo("\nFailed to load:\n")
        click.echo(table(("NAME", "DISTRIBUTION", "REASON"), [(f.name, f.distribution, f.reason) for f in failures]))


def _survey(registry: Registry) -> tuple[list[_Row], list[LoadFailure]]:
    rows: list[_Row] = []
    failures = list(registry.failures)
    for name, integration in registry.items():
        distribution = registry.distribution_of(name)
        try:
            manifest = manifest_of(integration)
        except click.ClickException as error:
            failures.append(LoadFailure(name, distribution, error.message))
            continue
        rows.append(
            _Row(
                name=name,
                display_name=manifest.display_name,
                version=manifest.version,
                distribution=distribution,
                actions=len(manifest.actions),
                authentication=[scheme.display_name for scheme in manifest.auth_schemes],
            )
        )
    return rows, failures


def _installed(rows: list[_Row]) -> str:
    return table(
        ("NAME", "DISPLAY NAME", "VERSION", "DISTRIBUTION", "ACTIONS", "AUTHENTICATION"),
        [
            (r.name, r.display_name, r.version, r.distribution, str(r.actions), ", ".join(r.authentication) or "none")
            for r in rows
        ],
    )
