"""The probes, in the order of a report. A new probe is a module beside this one and a line."""

from modulex_mem0.conformance.probe import Probe
from modulex_mem0.conformance.probes.broken_inputs import broken_inputs
from modulex_mem0.conformance.probes.cancellation import cancellation
from modulex_mem0.conformance.probes.connections_reused import connections_reused
from modulex_mem0.conformance.probes.credential_hidden import credential_hidden
from modulex_mem0.conformance.probes.credential_required import credential_required
from modulex_mem0.conformance.probes.deadline_kept import deadline_kept
from modulex_mem0.conformance.probes.event_loop_free import event_loop_free
from modulex_mem0.conformance.probes.example_works import example_works
from modulex_mem0.conformance.probes.failures_told import failures_told
from modulex_mem0.conformance.probes.hostile_replies import hostile_replies
from modulex_mem0.conformance.probes.ids_single import ids_single
from modulex_mem0.conformance.probes.methods import methods
from modulex_mem0.conformance.probes.other_hosts import other_hosts
from modulex_mem0.conformance.probes.other_users import other_users
from modulex_mem0.conformance.probes.paths_safe import paths_safe
from modulex_mem0.conformance.probes.rate_limits_told import rate_limits_told
from modulex_mem0.conformance.probes.sent_once import sent_once
from modulex_mem0.conformance.probes.unknown_parameters import unknown_parameters

__all__ = ["PROBES"]

PROBES: tuple[Probe, ...] = (
    example_works,
    broken_inputs,
    unknown_parameters,
    hostile_replies,
    failures_told,
    rate_limits_told,
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
