"""`integrations`: what is installed, and what failed to load."""

from dataclasses import asdict, dataclass

import click

from modulex_mem0.cli import options
from modulex_mem0.cli.output import json_text, table
from modulex_mem0.cli.streams import foreign_code
from modulex_mem0.runtime import LoadFailure, Registry

__all__ = ["command"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    name: str
    distribution: str
    loaded: bool
    display_name: str | None = None
    version: str | None = None
    actions: int | None = None
    authentication: list[str] | None = None


@click.command()
@click.option("--load", is_flag=True, help="Also load those that are otherwise loaded only when they are used.")
@options.as_json
def command(*, load: bool, as_json: bool) -> None:
    """List what is installed, and what failed to load.

    Integrations come from distributions with an entry point in the group `modulex`. One that fails to load is listed
    with the reason; it does not affect the others, and the command still exits 0. Those that are expensive to import,
    such as ModuleX's own, are listed by name alone; --load imports them and shows which fail.
    """
    registry = options.discovered()
    if load:
        with foreign_code():
            registry.load_all()
    rows, failures = _survey(registry)
    if as_json:
        data = {"integrations": [asdict(row) for row in rows], "failures": [asdict(f) for f in failures]}
        click.echo(json_text(data))
        return
    click.echo(_installed_table(rows) if rows else "No integration is installed.")
    if failures:
        click.echo("\nFailed to load:\n")
        click.echo(table(("NAME", "DISTRIBUTION", "REASON"), [(f.name, f.distribution, f.reason) for f in failures]))


def _survey(registry: Registry) -> tuple[list[_Row], list[LoadFailure]]:
    rows: list[_Row] = []
    failures = list(registry.failures)
    for name in registry:
        distribution = registry.distribution_of(name)
        if registry.is_deferred(name):
            rows.append(_Row(name=name, distribution=distribution, loaded=False))
            continue
        try:
            manifest = options.manifest_of(registry[name])
        except click.ClickException as error:
            failures.append(LoadFailure(name, distribution, error.message))
            continue
        rows.append(
            _Row(
                name=name,
                distribution=distribution,
                loaded=True,
                display_name=manifest.display_name,
                version=manifest.version,
                actions=len(manifest.actions),
                authentication=[scheme.display_name for scheme in manifest.auth_schemes],
            )
        )
    return rows, failures


def _installed_table(rows: list[_Row]) -> str:
    return table(
        ("NAME", "DISPLAY NAME", "VERSION", "DISTRIBUTION", "ACTIONS", "AUTHENTICATION"),
        [
            (
                row.name,
                row.display_name or "(loaded when used)",
                row.version or "",
                row.distribution,
                "" if row.actions is None else str(row.actions),
                ", ".join(row.authentication or ()) or ("none" if row.loaded else ""),
            )
            for row in rows
        ],
    )
