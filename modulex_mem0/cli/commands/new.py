"""`new`: begin an integration."""

from pathlib import Path

import click

from modulex_mem0.cli import options
from modulex_mem0.conformance import ScaffoldError, write_integration

__all__ = ["command"]


@click.command()
@click.argument("name")
@click.option(
    "--directory",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Where the files go; by default modulex-NAME in this folder.",
)
def command(*, name: str, directory: Path | None) -> None:
    """Begin an integration: small, complete, and passing its checks.

    NAME is its name in flows, in lower case with _ between words. Writes a package with its entry point, a profile, one
    action, and tests; overwrites nothing. The page docs/write-an-integration.md continues from there.

    Exits 1 if a file exists already or cannot be written, and 2 for a name that cannot be used.
    """
    target = directory or Path(f"modulex-{name.replace('_', '-')}")
    try:
        written = write_integration(name, target, taken=options.discovered())
    except ScaffoldError as error:
        raise click.BadParameter(str(error), param_hint="NAME") from None
    except OSError as error:
        raise click.ClickException(f"cannot write {error.filename or target}: {error.strerror}") from None
    for path in written:
        click.echo(path)
    click.echo(f"\nNext, in {target}:")
    for line in ("pip install -e . 'modulex-mem0[cli,testing]'", f"modulex-mem0 check {name}", "python -m pytest"):
        click.echo(f"  {line}")
