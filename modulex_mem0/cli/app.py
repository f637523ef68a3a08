"""The command itself: its introduction, its own options, and where its commands are."""

import click

from modulex_mem0 import __version__
from modulex_mem0.cli.lazy_group import LazyGroup

__all__ = ["root"]

_SUMMARIES = {
    "demo": "Show the whole story, offline and without an account, in a few seconds.",
    "integrations": "List what is installed, and what failed to load.",
    "auth": "Show how to authenticate with an integration.",
    "test-credential": "Ask the service whether a credential works.",
    "actions": "List an integration's actions, or describe one.",
    "call": "Call an action and print its output as JSON.",
    "mcp": "Serve an integration's actions to agents over MCP.",
    "sandbox": "Start a local server that speaks Mem0's API.",
    "manifest": "Write the manifest of an integration as data, or check it.",
    "check": "Check an integration against the contract, and tell where it stands on the quality scale.",
    "docs": "Write the page of an integration, or check it.",
    "new": "Begin an integration: small, complete, and passing its checks.",
}
_LEVELS = ("debug", "info", "warning", "error")


@click.group(
    cls=LazyGroup,
    package="modulex_mem0.cli.commands",
    summaries=_SUMMARIES,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option(
    "--log-level",
    type=click.Choice(_LEVELS),
    help="Write log lines of this level and above to standard error; secrets are masked.",
)
@click.version_option(__version__, message="%(prog)s %(version)s")
def root(log_level: str | None) -> None:
    """Long-term memory through Mem0 for any workflow platform.

    Finds every integration that is installed through pluggy, shows what a host would show of it, and calls its actions
    with validated inputs and outputs. Credentials come from the environment variables that an integration names
    (`modulex-mem0 auth` lists them) or from a file; never from the command line, where a process list would show them.

    \b
    Examples:
      modulex-mem0 demo
      modulex-mem0 actions search_memories
      export MEM0_API_KEY=...           # or, offline: modulex-mem0 sandbox
      modulex-mem0 test-credential
      modulex-mem0 call add_memories -p user_id=alice -p messages='I cook.'
      modulex-mem0 call search_memories -p user_id=alice -p query=cooking

    \b
    Exit codes:
      0    it worked
      1    it did not, because of the service, the network, the credential or
           what the input holds; the message says which
      2    the command line has a mistake: an unknown name, an unreadable file,
           input that is no JSON object
      130  interrupted with Ctrl-C

    Answers go to standard output; messages, progress and log lines go to standard error.
    """  # noqa: D301 - the backspace is how click is told to keep lines as they are
    if log_level is not None:
        from modulex_mem0.cli.log import write_log  # noqa: PLC0415 - only those who ask for it pay for it

        write_log(log_level)
