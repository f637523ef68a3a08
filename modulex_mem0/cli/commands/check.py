"""`check`: the faults of an integration, and its place on the quality scale."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from modulex_mem0.cli import options
from modulex_mem0.cli.app import ExitCode
from modulex_mem0.cli.files import read_file
from modulex_mem0.cli.options import find_integration
from modulex_mem0.cli.output import json_text
from modulex_mem0.cli.streams import foreign_code
from modulex_mem0.conformance import Examination, Finding, Quality, examine
from modulex_mem0.contract import IntegrationManifest
from modulex_mem0.runtime import LoadFailure, Registry

__all__ = ["command"]

# The same fault in many places is printed once, with the first few of them.
_MOST_PLACES = 4


@click.command()
@options.integration_name
@click.option("--all", "everything", is_flag=True, help="Check all that is installed, and report what failed to load.")
@click.option("--static", is_flag=True, help="Look at the declarations only; call no action.")
@click.option(
    "--against",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The manifest of the last release; breaking changes since then are errors.",
)
@options.as_json
def command(*, name: str | None, everything: bool, static: bool, against: Path | None, as_json: bool) -> None:
    """Check an integration against the contract, and rate it on the quality scale.

    NAME is an installed integration; mem0 by default. Rules look at its declarations; probes call its actions, with
    right and wrong inputs, against a server on this machine that misbehaves in every way that a service can. No request
    leaves this machine, and no credential is needed.

    Every finding names the place, the reason and the fix. Exits 1 if one is an error, and 0 for advice alone.
    """
    if name and everything:
        raise click.UsageError("give NAME or --all, not both")
    if everything and against:
        raise click.UsageError("--against is for one integration")
    registry = options.discovered()
    if everything:
        with foreign_code():
            registry.load_all()
    else:
        _require_installed(registry, name or options.default_integration())
    chosen = list(registry) if everything else [name or options.default_integration()]
    released = _released(against)
    with foreign_code():
        examined = [examine(registry, one, released=released, calls=not static) for one in chosen]
    failures = registry.failures if everything else ()
    click.echo(json_text(_data(examined, failures)) if as_json else "\n\n".join(_texts(examined, failures)))
    if failures or any(one.errors for one in examined):
        raise click.exceptions.Exit(ExitCode.FAILURE)


def _require_installed(registry: Registry, name: str) -> None:
    try:
        find_integration(registry, name, hint="NAME")
    except click.BadParameter as error:
        # Nothing near it is installed: it may be the project that the author is in.
        hint = "" if "did you mean" in error.message else "; a project is found once it is installed: pip install -e ."
        raise click.BadParameter(f"{error.message}{hint}", param_hint=error.param_hint) from None


def _released(file: Path | None) -> IntegrationManifest | None:
    if file is None:
        return None
    try:
        return IntegrationManifest.model_validate_json(read_file(file, "--against"))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        problem = f"{'.'.join(map(str, first['loc']))}: {first['msg']}".removeprefix(": ")
        raise click.BadParameter(f"{file} is not a manifest: {problem}", param_hint="--against") from None


def _data(examined: list[Examination], failures: tuple[LoadFailure, ...]) -> dict[str, Any]:
    return {
        "integrations": [
            {
                "integration": one.integration,
                "version": one.version,
                "distribution": one.distribution,
                "quality": str(one.quality_report.quality),
                "rules": dict(one.quality_report.rules),
                "findings": [finding.as_data() for finding in one.findings],
                "exempt": [finding.as_data() | {"because": reason} for finding, reason in one.excused],
            }
            for one in examined
        ],
        "failures": [
            {"name": failure.name, "distribution": failure.distribution, "reason": failure.reason}
            for failure in failures
        ],
    }


def _texts(examined: list[Examination], failures: tuple[LoadFailure, ...]) -> Iterator[str]:
    for one in examined:
        yield "\n".join(_lines(one))
    for failure in failures:
        yield f"{failure.name} ({failure.distribution}) failed to load: {failure.reason}"


def _lines(one: Examination) -> Iterator[str]:
    yield f"{one.integration} {one.version} ({one.distribution})"
    for (level, reason, fix, rule), places in _grouped(one.findings).items():
        yield f"  {level}: {_listed(places)}: {reason} [{rule}]"
        yield f"    {fix}"
    for finding, reason in one.excused:
        yield f"  exempt: {finding.place}: {finding.reason} [{finding.rule}]"
        yield f"    {reason}"
    advice = len(one.findings) - len(one.errors)
    errors = len(one.errors)
    yield (
        f"  {errors} error{'' if errors == 1 else 's'}, {advice} piece{'' if advice == 1 else 's'} of advice,"
        f" {len(one.excused)} exempt"
    )
    yield f"  quality: {one.quality_report.quality}{_next_level(one)}"


def _grouped(findings: Iterable[Finding]) -> dict[tuple[str, str, str, str], list[str]]:
    """The places of findings that differ in nothing else."""
    grouped: dict[tuple[str, str, str, str], list[str]] = {}
    for finding in findings:
        grouped.setdefault((finding.level, finding.reason, finding.fix, finding.rule), []).append(finding.place)
    return grouped


def _listed(places: list[str]) -> str:
    more = len(places) - _MOST_PLACES
    return ", ".join(places[:_MOST_PLACES]) + (f" and {more} more" if more > 0 else "")


def _next_level(one: Examination) -> str:
    missing = one.quality_report.missing
    if not missing:
        return ""
    wanted = ", ".join(f"{rule} ({one.quality_report.rules[rule]})" for rule in missing)
    return f"; {Quality(one.quality_report.quality + 1)} needs {wanted}"
