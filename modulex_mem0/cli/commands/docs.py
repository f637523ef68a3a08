"""`docs`: write the page of an integration or the table of error codes, or check that they are current."""

from collections.abc import Mapping
from pathlib import Path

import click

from modulex_mem0.cli import options
from modulex_mem0.cli.files import read_file, update_files
from modulex_mem0.cli.options import find_integration
from modulex_mem0.cli.streams import foreign_code
from modulex_mem0.conformance import connector_page, update_error_code_table
from modulex_mem0.runtime import BrokenIntegrationError

__all__ = ["command"]

_ERROR_CODES = (Path("docs", "error-codes.md"), Path("README.md"))


@click.command()
@options.integration_name
@click.option("--check", is_flag=True, help="Write nothing; exit 1 and show the difference if a page is not current.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, allow_dash=True),
    metavar="FILE",
    help="The page to write; - prints it. By default docs/integrations/NAME.md.",
)
@click.option(
    "--error-codes",
    is_flag=True,
    help="Update the table of error codes in docs/error-codes.md and README.md instead, or in --output alone.",
)
def command(*, name: str | None, check: bool, output: Path | None, error_codes: bool) -> None:
    """Write the page of an integration, or check it.

    NAME is an installed integration; mem0 by default. The page, in Markdown, is derived from its declarations: what it
    is for, how to authenticate, every action with its parameters and the JSON Schema of its response, limits.

    Exits 1 if a page cannot be written or, with --check, is not current.
    """
    if error_codes:
        if name:
            raise click.UsageError("--error-codes is not about one integration; leave NAME out")
        pages = _error_code_pages(output)
    else:
        name = name or options.default_integration()
        pages = {output or Path("docs", "integrations", f"{name}.md"): _integration_page(name)}
    if str(output) == "-":
        click.echo("".join(pages.values()), nl=False)
    else:
        update_files(pages, check=check, advice="Update it with the same command without --check.")


def _integration_page(name: str) -> str:
    integration = find_integration(options.discovered(), name, hint="NAME")
    try:
        with foreign_code():
            return connector_page(integration.describe())
    except Exception as error:
        raise click.ClickException(str(BrokenIntegrationError(name, "the manifest", error))) from error


def _error_code_pages(output: Path | None) -> Mapping[Path, str]:
    """The pages with a table of error codes, updated: the given one, or those of the usual ones that have the marks.

    Raises:
        click.ClickException: None has them.
    """
    paths = [output] if output else [path for path in _ERROR_CODES if path.exists()]
    pages: dict[Path, str] = {}
    problems: list[str] = []
    for path in paths or _ERROR_CODES[:1]:
        try:
            pages[path] = update_error_code_table(read_file(path, "--output"))
        except ValueError as error:
            problems.append(f"{path}: {error}")
    if not pages:
        raise click.ClickException("\n".join(problems))
    return pages
