"""`credentials`: store credentials under names, and list, test and remove them."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from modulex_mem0.cli import options
from modulex_mem0.cli.app import ExitCode
from modulex_mem0.cli.files import parse_object, read_source
from modulex_mem0.cli.output import json_text, table
from modulex_mem0.cli.streams import foreign_code
from modulex_mem0.contract import ActionError, CredentialField, Profile
from modulex_mem0.runtime import (
    CredentialStoreError,
    HiddenDict,
    Result,
    Runtime,
    StoredCredential,
    StoredCredentials,
    UnknownCredentialError,
)

__all__ = ["command"]


@click.group()
def command() -> None:
    """Store credentials under names, encrypted, and test them.

    A stored credential is used by its name: `modulex-mem0 call --credential work …`, the header `Modulex-Credential` of
    the server, `Runtime.call(…, credential="work")`. They are kept in one encrypted file of this user, in the directory
    MODULEX_HOME or ~/.config/modulex. Its key is MODULEX_KEY (32 bytes in base64), else an entry in the system's
    keyring, else a private file beside it.
    """


@command.command(name="set")
@click.argument("name")
@options.integration
@click.option("--default", "default", is_flag=True, help="Use it for calls to a server that name no credential.")
@click.option("--advanced", is_flag=True, help="Ask for the advanced fields too.")
def set_(*, name: str, integration: str, default: bool, advanced: bool) -> None:
    """Store a credential, or replace the one of that name.

    Asks for each field, without showing secrets. If standard input is not a terminal, it is read instead: a JSON object
    of fields, or the one required field alone. There is no option for a value, because a process list would show it.
    """
    profile = options.find_integration(options.discovered(), integration).profile
    with _clear_errors():
        values = _ask(profile, advanced=advanced) if sys.stdin.isatty() else _read(profile)
        stored = StoredCredentials().save(profile, name, values, default=default or None)
    mark = ", the default" if stored.default else ""
    click.echo(f"stored: {name} for {profile.display_name}{mark} (modulex-mem0 credentials test {name})")


@command.command(name="list")
@options.as_json
def list_(*, as_json: bool) -> None:
    """List the stored credentials, without their values."""
    with _clear_errors():
        stored = StoredCredentials().list()
    if as_json:
        click.echo(json_text({"credentials": [credential.as_json() for credential in stored]}))
    elif stored:
        headers = ("NAME", "INTEGRATION", "SCHEME", "DEFAULT", "SAVED", "LAST TEST")
        click.echo(table(headers, [_row(credential) for credential in stored]))
    else:
        click.echo("No credential is stored. To store one: modulex-mem0 credentials set NAME")


@command.command()
@click.argument("name")
@options.timeout
def test(*, name: str, timeout: float | None) -> None:
    """Ask the service whether a stored credential works.

    Exits 0 if the service accepts it; otherwise prints the reason and exits 1.
    """
    with foreign_code():
        runtime = Runtime()
    with _clear_errors():
        store = StoredCredentials()
        integration = store.describe(name).integration
        profile = options.find_integration(runtime.integrations, integration).profile
        with foreign_code():
            result = asyncio.run(_test(runtime, integration, name, timeout))
        store.record_test(name, passed=result.success)
    if result.error is not None:
        click.echo(f"{result.error.line}\n{result.error.code.advice}", err=True)
        raise click.exceptions.Exit(ExitCode.FAILURE)
    click.echo(f"ok: {profile.display_name} accepts the credential")


@command.command()
@click.argument("name")
def remove(*, name: str) -> None:
    """Remove a stored credential."""
    with _clear_errors():
        StoredCredentials().remove(name)
    click.echo(f"removed: {name}")


@contextmanager
def _clear_errors() -> Iterator[None]:
    """Report in one line what is wrong with a credential, or with what is stored."""
    try:
        yield
    except UnknownCredentialError as error:
        raise click.BadParameter(str(error), param_hint="NAME") from None
    except CredentialStoreError as error:
        raise click.ClickException(str(error)) from None
    except ActionError as error:
        raise click.ClickException(f"{error.message}; nothing was stored") from None


def _ask(profile: Profile, *, advanced: bool) -> HiddenDict:
    """The values that the user types, for the first scheme that has fields."""
    scheme = next((scheme for scheme in profile.auth_schemes if scheme.fields), None)
    values = HiddenDict()
    for field in scheme.fields if scheme else ():
        if field.advanced and not advanced:
            continue
        hint = f" (default: {field.default})" if field.default else "" if field.required else " (optional)"
        typed = click.prompt(
            f"{field.display_name}{hint}", default="", show_default=False, hide_input=field.sensitive, err=True
        )
        if typed.strip():
            values[field.name] = typed
    return values


def _read(profile: Profile) -> HiddenDict:
    """The values on standard input."""
    content, source = read_source("-", "NAME")
    text = content.strip()
    required = [field for field in _fields(profile) if field.required]
    if not text:
        raise click.UsageError("standard input is empty; write the credential to it, or run this at a terminal")
    if text.startswith("{") or len(required) != 1:
        return HiddenDict(parse_object(text, source, "NAME"))
    return HiddenDict({required[0].name: text})


def _fields(profile: Profile) -> tuple[CredentialField, ...]:
    return next((scheme.fields for scheme in profile.auth_schemes if scheme.fields), ())


def _row(credential: StoredCredential) -> tuple[str, ...]:
    tested = "" if credential.tested_at is None else f"{credential.tested_at} "
    outcome = {None: "", True: "passed", False: "failed"}[credential.test_passed]
    return (
        credential.name,
        credential.integration,
        credential.scheme or "",
        "yes" if credential.default else "",
        credential.saved_at or "",
        tested + outcome,
    )


async def _test(runtime: Runtime, integration: str, name: str, timeout: float | None) -> Result:
    async with runtime:
        return await runtime.test_credential(integration, credential=name, timeout=timeout)
