"""`sandbox`: start a local server that speaks Mem0's API."""

from pathlib import Path
from typing import Any

import click

from modulex_mem0.cli.app import requires_extra

__all__ = ["command"]


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port on 127.0.0.1; by default a free one.")
@click.option("--data", type=click.Path(path_type=Path), metavar="FILE", help="Keep the data in this SQLite file.")
@click.option(
    "--key",
    "keys",
    multiple=True,
    metavar="KEY[=PROJECT]",
    help="An API key to accept instead of m0-sandbox-key. May be given more than once.",
)
@click.option("--delay", type=click.FloatRange(min=0), metavar="SECONDS", help="How long added memories stay pending.")
@click.option("--semantic/--lexical", "semantic", default=None, help="Search by meaning, or by words.")
@click.option("--faults", type=click.Path(path_type=Path), metavar="FILE", help="A JSON file of faults to simulate.")
@click.option("--fault-control", is_flag=True, help="Enable /_sandbox/faults and /_sandbox/webhooks, keyless.")
@click.option("--remote-webhooks", is_flag=True, help="Let webhooks call other machines, not this one alone.")
@click.option(
    "--record", type=click.Path(path_type=Path), metavar="FILE", help="Write requests and replies, keys masked."
)
@click.option("--seed", type=click.Path(path_type=Path), metavar="FILE", help="A JSON file of memories to start with.")
def command(
    *,
    port: int,
    data: Path | None,
    keys: tuple[str, ...],
    delay: float | None,
    semantic: bool | None,
    faults: Path | None,
    fault_control: bool,
    remote_webhooks: bool,
    record: Path | None,
    seed: Path | None,
) -> None:
    """Start a local server that speaks Mem0's API.

    Serves on this machine until Ctrl-C, and prints the environment variables that point a client at it. It extracts
    memories by rules; there is no language model in it. Data is kept in memory, or in a file with --data. Search is by
    meaning if the package for that is installed, else by words; --semantic and --lexical choose.

    Exits 0 when it is stopped, and 1 if it cannot start: the port is taken, a file cannot be used, or a package is
    missing.
    """
    with requires_extra("sandbox", "the sandbox"):
        from modulex_mem0.sandbox import SandboxSettings, StartError, serve  # noqa: PLC0415 - an extra

    given: dict[str, Any] = {"search_mode": {None: "auto", True: "semantic", False: "lexical"}[semantic]}
    if keys:
        given["keys"] = keys
    if delay is not None:
        given["delay"] = delay
    try:
        settings = SandboxSettings(
            port=port,
            data=data,
            faults=faults,
            allow_fault_control=fault_control,
            allow_remote_webhooks=remote_webhooks,
            record=record,
            seed=seed,
            **given,
        )
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    try:
        serve(settings)
    except StartError as error:
        raise click.ClickException(f"the sandbox cannot start: {error}") from None
