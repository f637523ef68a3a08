"""The names of a credential's values.

ModuleX declares a value by an environment variable, such as `TWILIO_ACCOUNT_SID`, and passes it to tools under the name
without the prefix, `account_sid`. The prefix is not declared: usually it is the integration's name, sometimes the first
word alone. So a value has several possible names, and the likeliest is the field's name in our credentials.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from modulex_integrations.schema import EnvVar

__all__ = ["Variable", "named_variables"]

_FIELD_NAME = re.compile(r"[a-z][a-z0-9_]*")
_OAUTH2 = "oauth2_"


@dataclass(frozen=True, slots=True)
class Variable:
    """A value of a credential.

    Attributes:
        declared: Its declaration in ModuleX's manifest.
        field: The field's name in our credentials.
        names: All names that tools and templates may use for it, the likeliest first.
    """

    declared: EnvVar
    field: str
    names: tuple[str, ...]


def named_variables(variables: Sequence[EnvVar], integration: str, main: str | None) -> list[Variable]:
    """Name the values of a scheme.

    Args:
        variables: Their declarations.
        integration: The integration's name in ModuleX.
        main: The field that holds the key itself, whatever its variable's name; None for a scheme without such a key.
    """
    candidates = {variable.name: _possible_names(variable.name, integration) for variable in variables}
    key = _key(variables, candidates, main) if main is not None and main != "access_token" else None
    used = {main}
    named: list[Variable] = []
    for variable in variables:
        names = candidates[variable.name]
        own = next(name for name in (*names, variable.name.lower()) if name not in used and _FIELD_NAME.fullmatch(name))
        field = main if variable.name == key and main is not None else own
        used.add(field)
        named.append(Variable(variable, field, (*names, variable.name)))
    return named


def _key(variables: Sequence[EnvVar], names: dict[str, list[str]], main: str) -> str | None:
    """The variable of the key itself: the one with that name, else the last secret one, else the last."""
    ranks = sorted(
        range(len(variables)),
        key=lambda at: (main in names[variables[at].name], variables[at].sensitive, at),
    )
    return variables[ranks[-1]].name if ranks else None


def _possible_names(variable: str, integration: str) -> list[str]:
    lower = variable.lower()
    first, _, rest = lower.partition("_")
    own = lower.removeprefix(f"{integration}_")
    names = [own, rest or first] if own != lower else [rest or first]
    names.append(lower)
    for name in tuple(names):
        if name.startswith(_OAUTH2):
            names += [name.removeprefix(_OAUTH2), f"oauth_{name.removeprefix(_OAUTH2)}"]
    return list(dict.fromkeys(names))
