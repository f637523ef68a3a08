"""`n8n`: write an integration's package for n8n, or check that it is current."""

from pathlib import Path

import click

from modulex_mem0.cli import options
from modulex_mem0.cli.files import update_files
from modulex_mem0.cli.streams import foreign_code
from modulex_mem0.hosts.n8n import package_files
from modulex_mem0.runtime import BrokenIntegrationError

__all__ = ["command"]


@click.command()
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@options.integration
@click.option("--check", is_flag=True, help="Write nothing; exit 1 and show the difference if a file is not current.")
def command(*, directory: Path, integration: str, check: bool) -> None:
    """Write the package of an integration for n8n, or check it.

    The package has a node with an operation for each action, and its credentials form. It calls the REST API of
    `modulex-mem0 serve`. n8n finds it in ~/.n8n/nodes/node_modules when it starts.

    \b
    Examples:
      modulex-mem0 n8n ~/.n8n/nodes/node_modules/n8n-nodes-modulex-mem0
      modulex-mem0 n8n ./n8n-nodes-crm --integration crm

    Exits 1 if the package cannot be written or, with --check, is not current.
    """  # noqa: D301 - a real backspace is click's mark for a paragraph that is not rewrapped
    found = options.find_integration(options.discovered(), integration)
    try:
        with foreign_code():
            manifest = found.describe()
    except Exception as error:
        raise click.ClickException(str(BrokenIntegrationError(integration, "the manifest", error))) from error
    try:
        package = package_files(manifest)
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    update_files(
        {directory / path: text for path, text in package.items()},
        check=check,
        advice="Update it with the same command without --check.",
    )
