"""The quality scale: which rules and probes each level asks to be kept, beside those of the levels below."""

from collections.abc import Mapping
from enum import IntEnum

__all__ = ["NEVER_EXEMPT", "NO_ADVICE", "SCALE", "Quality"]


class Quality(IntEnum):
    """The levels, lowest first."""

    NONE = 0
    BRONZE = 1
    SILVER = 2
    GOLD = 3
    PLATINUM = 4

    def __str__(self) -> str:
        return self.name.lower()


#: Kept when no rule has any advice to give.
NO_ADVICE = "no_advice"

SCALE: Mapping[Quality, tuple[str, ...]] = {
    # A host can show it and call it.
    Quality.BRONZE: (
        "loads",
        "manifest_valid",
        "names",
        "described",
        "credential_fields",
        "secrets_marked",
        "schemas_valid",
        "schemas_closed",
        "outputs_can_fail",
        "defaults",
        "hints",
    ),
    # People can set it up, and what goes wrong is told.
    Quality.SILVER: (
        "setup_steps",
        "connection_test",
        "examples",
        "categories_and_limits",
        "example_works",
        "broken_inputs",
        "unknown_parameters",
        "hostile_replies",
        "credential_required",
        "credential_hidden",
    ),
    # Flows can be built on it, and it stays within its bounds.
    Quality.GOLD: (
        "recorded_current",
        "stable",
        "failures_told",
        "rate_limits_told",
        "paths_safe",
        "ids_single",
        "other_hosts",
        "methods",
        "sent_once",
        "deadline_kept",
        "cancellation",
        "event_loop_free",
    ),
    # Nothing is left to say.
    Quality.PLATINUM: ("numbers_bounded", "connections_reused", "other_users", NO_ADVICE),
}

#: What no reason excuses: without these an integration cannot be trusted with a credential, or not be used at all.
NEVER_EXEMPT = frozenset({"loads", "manifest_valid", "secrets_marked", "hostile_replies", "credential_hidden"})
