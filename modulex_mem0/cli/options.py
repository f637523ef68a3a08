"""The options that several commands share."""

from pathlib import Path

import click

__all__ = ["DEFAULT_INTEGRATION", "as_json", "credential_file", "integration", "timeout"]


DEFAULT_INTEGRATION = "mem0"

integration = click.option(
    "--integration",
    default=DEFAULT_INTEGRATION,
    show_default=True,
    metavar="NAME",
    help="Which of the installed integrations.",
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs instead of text for people.")
credential_file = click.option(
    "--credential-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A JSON object of credential fields, used instead of the environment variables.",
)
timeout = click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="The deadline of the whole call, retries included; 30 unless told.",
)
