"""A flow that was built on one release goes on working with the next of the same major version."""

from collections.abc import Iterator

from modulex_mem0.conformance.finding import Problem, error
from modulex_mem0.conformance.rule import rule
from modulex_mem0.conformance.stability.manifests import breaking_changes, is_new_major
from modulex_mem0.conformance.subject import Subject

__all__ = ["stable"]


@rule("Nothing that was released is taken away or made narrower without a new major version.")
def stable(subject: Subject) -> Iterator[Problem]:
    """Compare with the released manifest; where none is given, with the recorded one."""
    before = subject.released or subject.recorded
    if is_new_major(before.version, subject.manifest.version):
        return
    for place, change in breaking_changes(before, subject.manifest):
        yield error(
            place,
            f"{change}, which breaks flows that were built on {before.version}.",
            f"Take the change back, or release it as {int(before.version.split('.')[0]) + 1}.0.0.",
        )
