"""The names of a credential's values.

ModuleX declares a value by an environment variable, such as `TWILIO_ACCOUNT_SID`, and hands it to tools under the name
that is left without the prefix, `account_sid`. Which part is the prefix is nowhere declared: mostly it is the
integration's name, sometimes the first word alone. So a value goes by every name that it could have, and its likeliest
name is what it is called in our credentials.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from modulex_integrations.schema import EnvVar

__all__ = ["Variable", "named"]

_FIELD_NAME = re.compile(r"[a-z][a-z0-9_]*")
_OAUTH2 = "oauth2_"


@dataclass(frozen=True, slots=True)
class Variable:
    """A value of a credential.

    Attributes:
        declared: By ModuleX's manifest.
        field: What our credentials call it.
        names: All that tools and templates may call it, the likeliest first.
    """

    declared: EnvVar
    field: str
    names: tuple[str, ...]


def named(variables: Sequence[EnvVar], integration: str, main: str | None) -> list[Variable]:
    """Name the values of a scheme.

    Args:
        variables: As declared.
        integration: ModuleX's name of the integration.
        main: What the key itself is to be called, whatever its variable's name; None for a scheme without such a key.
    """
    every = {variable.name: _names(variable.name, integration) for variable in variables}
    key = _key(variables, every, main) if main is not None and main != "access_token" else None
    used = {main}
    found: list[Variable] = []
    for variable in variables:
        names = every[variable.name]
        own = next(name for name in (*names, variable.name.lower()) if name not in used and _FIELD_NAME.fullmatch(name))
        field = main if variable.name == key and main is not None else own
        used.add(field)
        found.append(Variable(variable, field, (*names, variable.name)))
    return found


def _key(variables: Sequence[EnvVar], names: dict[str, list[str]], main: str) -> str | None:
    """The variable of the key itself: the one of that name, else the last that is secret, else the last."""
    ranks = sorted(
        range(len(variables)),
        key=lambda at: (main in names[variables[at].name], variables[at].sensitive, at),
    )
    return variables[ranks[-1]].name if ranks else None


def _names(variable: str, integration: str) -> list[str]:
    lower = variable.lower()
    first, _, rest = lower.partition("_")
    own = lower.removeprefix(f"{integration}_")
    names = [own, rest or first] if own != lower else [rest or first]
    names.append(lower)
    for name in tuple(names):
        if name.startswith(_OAUTH2):
            names += [name.removeprefix(_OAUTH2), f"oauth_{name.removeprefix(_OAUTH2)}"]
    return list(dict.fromkeys(names))
