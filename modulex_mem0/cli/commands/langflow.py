"""`langflow`: the files of a Langflow extension, written or compared with what is on disk."""

from pathlib import Path

import click

from modulex_mem0.cli import options
from modulex_mem0.cli.app import ExitCode
from modulex_mem0.cli.files import update_files
from modulex_mem0.hosts.langflow import bundle_files, stale_files

__all__ = ["command"]


@click.command()
@click.argument(
    "directory", metavar="[DIR]", type=click.Path(path_type=Path, file_okay=False), default=Path("langflow")
)
@options.integration
@click.option("--check", is_flag=True, help="Write nothing; show what differs on disk, and exit 1 if anything does.")
def command(*, directory: Path, integration: str, check: bool) -> None:
    """Write the components of an integration for Langflow, or check them.

    DIR, by default langflow, gets extension.json and a component for each action; where the integration's data have
    owners, for each action that works on the data of one. A component holds the name of its action alone: its form
    comes from the manifest when Langflow loads it. Components of actions that no longer exist are removed.

    Langflow finds the extension in a package with an entry point in the group langflow.extensions, or in a folder
    within LANGFLOW_SEED_DIR; see docs/hosts/langflow.md. Writing it needs no Langflow.

    Exits 1 if a file cannot be written or, with --check, differs.
    """
    found = options.find_integration(options.discovered(), integration)
    manifest = options.manifest_of(found)
    stale = list(stale_files(directory, manifest))
    files = {directory / path: text for path, text in bundle_files(manifest).items()}
    advice = "Update them with the same command without --check."
    if check:
        for path in stale:
            click.echo(f"{path}: is the component of an action that no longer exists")
    update_files(files, check=check, advice=advice)
    if check and stale:
        click.echo(f"\n{advice}", err=True)
        raise click.exceptions.Exit(ExitCode.FAILURE)
    for path in stale:
        try:
            path.unlink()
        except OSError as error:
            raise click.ClickException(f"cannot remove {path}: {error.strerror}") from None
        click.echo(f"{path}: removed")
