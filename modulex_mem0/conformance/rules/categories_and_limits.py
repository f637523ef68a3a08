"""What a catalogue shows beside the actions."""

from collections.abc import Iterator

from modulex_mem0.conformance.finding import Problem, advice, error
from modulex_mem0.conformance.rule import rule
from modulex_mem0.conformance.subject import Subject

__all__ = ["categories_and_limits"]


@rule("The catalogue card is complete: actions, categories, a logo, the service's site, limits and quotas.")
def categories_and_limits(subject: Subject) -> Iterator[Problem]:
    """Check what people find an integration by and decide on it with."""
    manifest = subject.manifest
    if not manifest.actions:
        yield error("actions", "There is no action.", "Declare at least one.")
    if not manifest.categories:
        yield advice("categories", "There is no category to find the integration in.", "Name at least one.")
    if not manifest.logo:
        yield advice("logo", "There is no logo.", "Give a URL or a name that hosts know.")
    if manifest.logo and manifest.logo.startswith("http:"):
        yield error("logo", "The logo is not loaded over https.", "Use https.")
    if not manifest.app_url:
        yield advice("app_url", "Nothing leads to the service's site.", "Give its https address.")
    if not manifest.limits:
        yield advice("limits", "Limits and quotas are not told.", "Say, a sentence each, what a caller will run into.")
