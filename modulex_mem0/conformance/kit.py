"""What an author tells the kit of an integration, beyond its declarations."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from modulex_mem0.conformance.faults import Request
from modulex_mem0.conformance.relocation import relocated
from modulex_mem0.contract import Integration

__all__ = ["Good", "Kit"]

#: A JSON value, or a function that gives one for each request.
Good = Any | Callable[[Request], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """All of it is optional.

    Attributes:
        replies: What the service answers to the example of an action on a good day: a JSON value, or a function from a
            request to one. With it the probes reach deeper.
        inputs: Inputs that work, for actions that declare no example.
        owner: The parameter that names whose data an action works on. With it the boundary between users is probed.
        relocate: Makes a copy of the integration whose requests go to a URL, for one that does not use its client.
    """

    replies: Mapping[str, Good] = field(default_factory=dict)
    inputs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    owner: str | None = None
    relocate: Callable[[Integration, str], Integration] = relocated
