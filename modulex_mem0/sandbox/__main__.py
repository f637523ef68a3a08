"""`python -m modulex_mem0.sandbox`: the sandbox as a command that needs only the extra `sandbox`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from modulex_mem0.sandbox.settings import DEFAULT_KEY, SandboxSettings, StartError

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM.

    Returns:
        The exit code: 0, or 1 with one line on standard error if the server cannot start.
    """
    options = _parser().parse_args(arguments)
    try:
        settings = SandboxSettings(
            port=options.port,
            data=options.data,
            keys=tuple(options.key or [DEFAULT_KEY]),
            delay=options.delay,
            search_mode=options.search_mode,
            faults=options.faults,
            allow_fault_control=options.fault_control,
            allow_remote_webhooks=options.remote_webhooks,
            record=options.record,
            seed=options.seed,
        )
    except ValueError as error:
        return _fail(str(error))
    try:
        from modulex_mem0.sandbox import serve  # noqa: PLC0415 - an extra: a missing package is one line, not a traceback
    except ImportError as error:
        return _fail(str(error))
    try:
        serve(settings)
    except StartError as error:
        return _fail(str(error))
    return 0


def _fail(reason: str) -> int:
    sys.stderr.write(f"error: {reason}\n")
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m modulex_mem0.sandbox",
        description="A local server that speaks Mem0's REST API. Extraction is rule-based; there is no language model.",
    )
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1 (default: a free one)")
    parser.add_argument("--data", type=Path, metavar="FILE", help="SQLite file to keep the data in (default: memory)")
    parser.add_argument(
        "--key",
        action="append",
        metavar="KEY[=PROJECT]",
        help=f"API key to accept; repeat for more keys; keys with the same project share it (default: {DEFAULT_KEY})",
    )
    parser.add_argument("--delay", type=float, default=0.5, metavar="SECONDS", help="time until an add is done")
    mode = parser.add_mutually_exclusive_group()
    for name, meaning in (("semantic", "search by meaning"), ("lexical", "search by words")):
        mode.add_argument(
            f"--{name}", dest="search_mode", action="store_const", const=name, default="auto", help=meaning
        )
    parser.add_argument("--faults", type=Path, metavar="FILE", help="JSON file of faults to inject")
    parser.add_argument(
        "--fault-control", action="store_true", help="serve /_sandbox/faults and /_sandbox/webhooks, keyless"
    )
    parser.add_argument("--remote-webhooks", action="store_true", help="let webhooks call other machines")
    parser.add_argument("--record", type=Path, metavar="FILE", help="write requests and replies, keys masked")
    parser.add_argument("--seed", type=Path, metavar="FILE", help="JSON file of memories to start with")
    return parser


if __name__ == "__main__":
    sys.exit(main())
