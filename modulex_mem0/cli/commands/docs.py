"""`docs`: write the page of an integration, or check that what was written is current."""

from pathlib import Path

import click

from modulex_mem0.cli import exits, options
from modulex_mem0.cli.input_file import read_file
from modulex_mem0.cli.installed import find_integration
from modulex_mem0.cli.manifest_files import drift
from modulex_mem0.conformance import connector_page, with_table
from modulex_mem0.runtime import BrokenIntegrationError, discover

__all__ = ["command"]

_ERROR_CODES = Path("docs", "error-codes.md")


@click.command()
@click.argument("name", required=False)
@click.option(
    "--check", is_flag=True, help="Write nothing; exit 1 and show the difference where the page is not current."
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, allow_dash=True),
    metavar="FILE",
    help="Where the page is; - prints it. docs/integrations/NAME.md unless told.",
)
@click.option("--error-codes", is_flag=True, help="Renew the table in docs/error-codes.md instead.")
def command(*, name: str | None, check: bool, output: Path | None, error_codes: bool) -> None:
    """Write the page of an integration, or check it.

    NAME is an installed integration, mem0 unless told. The page, in Markdown, is derived from its declarations: what it
    is for, how to authenticate, every action with its parameters and the JSON Schema of its response, limits.

    Exits 1 if the page cannot be written or, with --check, has drifted.
    """
    if error_codes:
        if name:
            raise click.UsageError("--error-codes is not about one integration; leave NAME out")
        target = output or _ERROR_CODES
        page = _renewed(target)
    else:
        name = name or options.DEFAULT_INTEGRATION
        target = output or Path("docs", "integrations", f"{name}.md")
        page = _page(name)
    if str(target) == "-":
        click.echo(page, nl=False)
    elif check:
        _require_current(target, page)
    else:
        _write(target, page)


def _page(name: str) -> str:
    found = find_integration(discover(), name, hint="NAME")
    try:
        return connector_page(found.describe())
    except Exception as error:
        raise click.ClickException(str(BrokenIntegrationError(name, "the manifest", error))) from error


def _renewed(target: Path) -> str:
    try:
        return with_table(read_file(target, "--output"))
    except ValueError as error:
        raise click.ClickException(f"{target}: {error}") from None


def _require_current(target: Path, page: str) -> None:
    difference = drift(target, page)
    click.echo(difference or f"{target}: current")
    if difference:
        click.echo("\nWrite it anew with the same command without --check.", err=True)
        raise click.exceptions.Exit(exits.FAILED)


def _write(target: Path, page: str) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(page, encoding="utf-8", newline="\n")
    except OSError as error:
        raise click.ClickException(f"cannot write {error.filename}: {error.strerror}") from None
    click.echo(f"{target}: written")
