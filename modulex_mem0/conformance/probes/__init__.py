"""The probes of calls, in the order of a report. A new probe is an async generator and a line here."""

from modulex_mem0.conformance.probes.effects import methods, sent_once
from modulex_mem0.conformance.probes.inputs import broken_inputs, example_works, unknown_parameters
from modulex_mem0.conformance.probes.isolation import (
    credential_hidden,
    credential_required,
    ids_single,
    other_hosts,
    other_users,
    paths_safe,
)
from modulex_mem0.conformance.probes.probe import Probe
from modulex_mem0.conformance.probes.replies import failures_reported, hostile_replies, rate_limits_reported
from modulex_mem0.conformance.probes.timing import cancellation, connections_reused, deadline_kept, event_loop_free

__all__ = ["PROBES", "Probe"]

PROBES: tuple[Probe, ...] = (
    example_works,
    broken_inputs,
    unknown_parameters,
    hostile_replies,
    failures_reported,
    rate_limits_reported,
    credential_required,
    credential_hidden,
    paths_safe,
    ids_single,
    other_users,
    other_hosts,
    methods,
    sent_once,
    deadline_kept,
    cancellation,
    event_loop_free,
    connections_reused,
)
