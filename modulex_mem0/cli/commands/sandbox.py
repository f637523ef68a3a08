"""`sandbox`: start a local server that speaks Mem0's API."""

from pathlib import Path
from typing import Any

import click

from modulex_mem0.cli.sandbox_extra import needing_sandbox_extra

__all__ = ["command"]


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port on 127.0.0.1; a free one unless told.")
@click.option("--data", type=click.Path(path_type=Path), metavar="FILE", help="Keep the data in this SQLite file.")
@click.option(
    "--key", "keys", multiple=True, metavar="KEY[=PROJECT]", help="An API key to accept, instead of m0-sandbox-key."
)
@click.option("--delay", type=click.FloatRange(min=0), metavar="SECONDS", help="How long an add stays unfinished.")
@click.option("--semantic/--lexical", "semantic", default=None, help="Search by meaning, or by words.")
@click.option("--faults", type=click.Path(path_type=Path), metavar="FILE", help="A JSON file of faults to act out.")
@click.option("--fault-control", is_flag=True, help="Open PUT/GET/DELETE /_sandbox/faults, which needs no key.")
def command(
    *,
    port: int,
    data: Path | None,
    keys: tuple[str, ...],
    delay: float | None,
    semantic: bool | None,
    faults: Path | None,
    fault_control: bool,
) -> None:
    """Start a local server that speaks Mem0's API.

    It serves on this machine until Ctrl-C, and says which environment variables point a client at it. What it remembers
    is found by rules; there is no language model in it. Data stays in memory unless --data names a file. Search is by
    meaning where the package for it is installed, unless --lexical or --semantic decides.

    Exits 0 when it is told to stop, and 1 when it cannot start: the port is taken, a file cannot be used, a package is
    missing.
    """
    with needing_sandbox_extra():
        from modulex_mem0.sandbox import START_FAILURES, SandboxSettings, serve  # noqa: PLC0415 - an extra

    given: dict[str, Any] = {"search_mode": {None: "auto", True: "semantic", False: "lexical"}[semantic]}
    if keys:
        given["keys"] = keys
    if delay is not None:
        given["delay"] = delay
    try:
        settings = SandboxSettings(port=port, data=data, faults=faults, allow_fault_control=fault_control, **given)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    try:
        serve(settings)
    except START_FAILURES as error:
        raise click.ClickException(f"the sandbox cannot start: {error}") from None
