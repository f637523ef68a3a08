"""Ids: who or what a parameter names, and what only looks like a name."""

import re
from typing import Annotated, Literal, TypeGuard
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, Field

from modulex_mem0.contract import ActionInput, advanced, is_blank

__all__ = [
    "EntityType",
    "Mem0Id",
    "MemoryId",
    "OwnerId",
    "ScopeId",
    "UserScope",
    "canonical_id",
    "refuse_template",
    "same_id",
]

# A template that nobody filled in names everyone who forgot to fill it in: they would share one user's memories.
_TEMPLATES = re.compile(
    r"""
      \{\{.*\}\} | \#?\{%.*%\}                   # {{user_id}}, {% user %}
    | \{(?![0-9A-Fa-f]{8}-)[^{}]*\}              # {user}, ${user}, #{user}, {"id": 5}; not a GUID in braces
    | <(?!.*@)[^<>]+>                            # <user_id>, <%= user %>, <User object at 0x7f>; not an e-mail address
    | %[A-Za-z_]\w*%\Z | \A%(?![0-9A-Fa-f]{2})[A-Za-z_]\w*%    # %USER%; not percent-encoded text
    | \A\$[A-Za-z_][\w.]*\Z | \A:[A-Za-z_]\w*\Z  # $USER_ID, :user_id
    | \A\[.*\]\Z | \[object\ \w+\]               # [user_id], [object Object]
    | \A(?:your|my)[-_\ ]?(?:user|agent|app|run|memory|event|session)[-_\ ]?(?:id|name)\Z   # YOUR_USER_ID
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
# What programs write where a value is missing, alone or in a part of an id such as `user-undefined`.
_MISSING = frozenset({"undefined", "none", "null", "nil", "nan", "(null)", "(none)"})
_MISSING_PART = re.compile(r"(?:\A|[-_:/.|@# ])(?:undefined|None|null|NaN)(?=[-_:/.|@# ]|\Z)")
_LONGEST_SHOWN = 60
# A longer text is no id but the text of an object, and would take seconds to be searched for templates.
_LONGEST = 1000


def refuse_template(value: str) -> str:
    """Return an id that names someone or something.

    Raises:
        ValueError: It is the text of a template, what a program writes for a missing value, or too long for an id.
    """
    shown = value if len(value) <= _LONGEST_SHOWN else f"{value[:_LONGEST_SHOWN]}…"
    if len(value) > _LONGEST:
        raise ValueError(f"{shown!r} is longer than {_LONGEST} characters, which is no id; pass the id itself")
    if _TEMPLATES.search(value):
        raise ValueError(f"{shown!r} is a template that was not filled in; pass the id itself")
    if value.casefold() in _MISSING or _MISSING_PART.search(value):
        raise ValueError(f"{shown!r} is what a program or a template writes for a missing value; pass the id itself")
    return value


def same_id(found: object, wanted: str) -> bool:
    """Whether an id in a reply is the requested one."""
    return _is_id(found) and (str(found) == wanted or canonical_id(str(found)) == canonical_id(wanted))


def canonical_id(value: str) -> str:
    """One spelling for all spellings of a UUID, which are the same id; any other id as it is."""
    try:
        return str(UUID(value))
    except ValueError:
        return value


def _is_id(value: object) -> TypeGuard[str | int]:
    return isinstance(value, str | int) and not isinstance(value, bool)


def _number_to_text(value: object) -> object:
    """Databases number their users, and the number is the id. A float or a boolean is none."""
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() <= 128:
        return str(value)
    return value


def _validate_scope_id(value: str) -> str:
    value = value.strip()
    if is_blank(value):
        raise ValueError("must not be blank")
    if value == "*":
        raise ValueError("must be a single id; `*` would reach everyone's memories")
    if not value.isprintable():
        raise ValueError("must not contain control characters")
    return refuse_template(value)


def _validate_mem0_id(value: str) -> str:
    refuse_template(value)
    # The id becomes a part of the path: anything but a plain identifier could lead elsewhere.
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}", value):
        raise ValueError("must be an id as Mem0 returns it: letters, digits, - and _ only")
    return value


#: Names a user, an agent, an app or a run; the caller chose it.
ScopeId = Annotated[str, BeforeValidator(_number_to_text), AfterValidator(_validate_scope_id)]
#: Names a memory or an event; Mem0 chose it.
Mem0Id = Annotated[str, BeforeValidator(_number_to_text), AfterValidator(_validate_mem0_id)]
OwnerId = Annotated[ScopeId, Field(description="User that the memory belongs to.")]
MemoryId = Annotated[Mem0Id, Field(description="ID of the memory, from search_memories or get_memories.")]
EntityType = Literal["user", "agent", "app", "run"]


class UserScope(ActionInput):
    """Base of inputs that concern a user's memories: the user, who is the privacy boundary, and what narrows them."""

    user_id: ScopeId = Field(description="User that the memories belong to.")
    agent_id: ScopeId | None = advanced(
        "Only memories of this user and this agent. What the user said is often stored without the agent."
    )
    app_id: ScopeId | None = advanced("Only memories of this app.")
    run_id: ScopeId | None = advanced("Only memories of this run or session.")

    @property
    def narrower_ids(self) -> dict[str, str]:
        """The given ids other than the user's."""
        ids = {"agent_id": self.agent_id, "app_id": self.app_id, "run_id": self.run_id}
        return {name: value for name, value in ids.items() if value is not None}
