"""`temporal`: run a worker, through which Temporal workflows call actions."""

import asyncio

import click

from modulex_mem0.cli.app import requires_extra
from modulex_mem0.cli.streams import foreign_code
from modulex_mem0.runtime import CredentialStoreError, Runtime

__all__ = ["command"]


@click.group()
def command() -> None:
    """Run a worker, through which Temporal workflows call actions."""


@command.command()
@click.option("--address", metavar="HOST:PORT", help="The Temporal server; by default 127.0.0.1:7233.")
@click.option("--namespace", metavar="NAME", help="Its namespace; by default `default`.")
@click.option("--profile", metavar="NAME", help="A profile of Temporal's configuration file.")
@click.option("--task-queue", metavar="NAME", help="Where workflows find this worker; by default modulex-mem0.")
@click.option(
    "--max-activities",
    type=click.IntRange(min=1),
    default=100,
    show_default=True,
    help="Calls that it makes at once.",
)
@click.option(
    "--chunks",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Chunks of bulk imports that it sends at once.",
)
@click.option(
    "--requests",
    type=click.IntRange(min=1),
    default=16,
    show_default=True,
    help="Requests at once of each bulk import.",
)
def worker(
    *,
    address: str | None,
    namespace: str | None,
    profile: str | None,
    task_queue: str | None,
    max_activities: int,
    chunks: int,
    requests: int,
) -> None:
    """Run a worker until Ctrl-C.

    It runs the activity `call_action`, and bulk imports (`modulex-mem0 import FILE --temporal ADDRESS`), with the
    integrations that are installed here, and with the credentials that are stored here (`modulex-mem0 credentials`):
    workflows pass a name. Any number of workers may run; when one ends,
    however it ends, the others take over.

    The address, the namespace, an API key and TLS are read from Temporal's own environment variables and configuration
    file, unless an option gives them.

    Exits 0 on SIGINT or SIGTERM, after the activities that it runs have ended, at most 30 seconds later; a second
    signal ends it at once. Exits 1 if it cannot start, as when the server cannot be reached.
    """
    with requires_extra("temporal", "the worker"):
        from modulex_mem0.hosts import temporal  # noqa: PLC0415 - an extra

    settings = temporal.WorkerSettings(
        task_queue=task_queue or temporal.TASK_QUEUE,
        max_activities=max_activities,
        chunks=chunks,
        requests=requests,
    )

    async def run() -> None:
        client = await temporal.connect(address, namespace=namespace, profile=profile)
        async with Runtime() as runtime:
            await temporal.run_worker(client, runtime, settings, announce=lambda line: click.echo(line, err=True))

    try:
        with foreign_code():
            asyncio.run(run())
    except (temporal.ConnectionFailedError, CredentialStoreError) as error:
        raise click.ClickException(str(error)) from None
