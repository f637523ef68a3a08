"""`manifest`: write an integration as data, or check that what was written is current."""

from pathlib import Path

import click

from modulex_mem0.cli import exits, options
from modulex_mem0.cli.installed import find_integration
from modulex_mem0.cli.manifest_files import drift, manifest_files
from modulex_mem0.cli.manifest_validity import defects
from modulex_mem0.contract import IntegrationManifest
from modulex_mem0.runtime import BrokenIntegrationError, discover

__all__ = ["command"]


@click.command()
@click.argument("name", default=options.DEFAULT_INTEGRATION)
@click.option(
    "--check", is_flag=True, help="Write nothing; exit 1 and show the difference where a file is not current."
)
@click.option(
    "--directory",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("manifests"),
    show_default=True,
    help="Where the files are.",
)
def command(*, name: str, check: bool, directory: Path) -> None:
    """Write the manifest of an integration as data, or check it.

    NAME is an installed integration, mem0 unless told. Its manifest is derived afresh from its declarations and goes to
    NAME.json; manifest.schema.json, beside it, is the JSON Schema (draft 2020-12) of all manifests.

    Both ways, the manifest is validated against that schema, and the schemas of each action against the draft. Exits 1
    if something is not valid, cannot be written or, with --check, has drifted.
    """
    found = find_integration(discover(), name, hint="NAME")
    try:
        manifest = found.describe()
    except Exception as error:
        raise click.ClickException(str(BrokenIntegrationError(name, "the manifest", error))) from error
    _require_valid(manifest)
    files = manifest_files(manifest)
    if check:
        _require_current(directory, files)
    else:
        _write(directory, files)


def _require_valid(manifest: IntegrationManifest) -> None:
    found = list(defects(manifest))
    if found:
        raise click.ClickException("the manifest is not valid:\n" + "\n".join(f"  {defect}" for defect in found))


def _require_current(directory: Path, files: dict[str, str]) -> None:
    differences = {name: text for name in files if (text := drift(directory / name, files[name]))}
    for name in files:
        click.echo(differences.get(name) or f"{directory / name}: current")
    if differences:
        click.echo("\nWrite them anew with: modulex-mem0 manifest", err=True)
        raise click.exceptions.Exit(exits.FAILED)


def _write(directory: Path, files: dict[str, str]) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (directory / name).write_text(text, encoding="utf-8", newline="\n")
            click.echo(f"{directory / name}: written")
    except OSError as error:
        raise click.ClickException(f"cannot write {error.filename}: {error.strerror}") from None
