"""What operators see of calls: a log line for each, and spans and metrics where OpenTelemetry is set up.

They name the integration, the action, the outcome, the duration and the number of retries; never an input, an output,
an error's text or a credential. Until a program turns them on, they are off and cost nothing.
"""

import logging
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import TYPE_CHECKING

from modulex_mem0 import __version__
from modulex_mem0.runtime.errors import reraise_interrupt

if TYPE_CHECKING:
    from opentelemetry.metrics import Counter, Histogram
    from opentelemetry.trace import Span, Tracer

    from modulex_mem0.runtime.call import Result

__all__ = ["CALLS", "OPENTELEMETRY", "is_observed", "observe"]

#: The logger of calls: one line for each at INFO, with the same values as attributes of the record.
CALLS = logging.getLogger("modulex_mem0.calls")
#: A program that sets OpenTelemetry up has imported this module.
OPENTELEMETRY = "opentelemetry.trace"

_NAME = "modulex_mem0"
_CANCELLED = "cancelled"
# Upper bounds in seconds: those of OpenTelemetry's conventions for HTTP, and two for calls that wait. Without them a
# histogram has the library's own, which are meant for milliseconds: every call would be in the first.
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 30.0, 60.0)


def is_observed() -> bool:
    """Whether calls are logged, or a program has set OpenTelemetry up."""
    return CALLS.isEnabledFor(logging.INFO) or _traces() or _measures()


async def observe(integration: str, action: str, call: Awaitable["Result"], retries: Callable[[], int]) -> "Result":
    """Await a call, and report it when it has ended, also when it was cancelled.

    Args:
        integration: The integration's name.
        action: The action's name.
        call: The call.
        retries: How many requests of the call were sent again, once it has ended.
    """
    started = time.perf_counter()
    outcome = _CANCELLED
    with _span(integration, action) as span:
        try:
            result = await call
            outcome = "success" if result.error is None else result.error.code.value
        finally:
            seconds, again = time.perf_counter() - started, retries()
            _finish(span, outcome, again)
            _measure(integration, action, outcome, seconds, again)
            _log(integration, action, outcome, seconds, again)
    return result


@contextmanager
def _span(integration: str, action: str) -> Iterator["Span | None"]:
    """A current span around a call, under which other libraries' spans of its requests stand.

    Yields:
        The span, which `_finish` ends; None where nothing is traced.
    """
    span = _begin(integration, action) if _traces() else None
    if span is None:
        yield None
        return
    from opentelemetry.trace import use_span  # noqa: PLC0415 - an extra, which is imported already

    with use_span(span, record_exception=False, set_status_on_exception=False):
        yield span


def _begin(integration: str, action: str) -> "Span | None":
    names = {"modulex.integration": integration, "modulex.action": action}
    try:
        return _tracer().start_span(f"{integration} {action}", attributes=names)
    except BaseException as error:
        _log_failure("traced", error)
        return None


def _finish(span: "Span | None", outcome: str, retries: int) -> None:
    if span is None:
        return
    from opentelemetry.trace import StatusCode  # noqa: PLC0415 - as above

    try:
        span.set_attributes({"modulex.outcome": outcome, "modulex.retries": retries, **_failure(outcome)})
        if _failure(outcome):
            span.set_status(StatusCode.ERROR, outcome)
        span.end()
    except BaseException as error:
        _log_failure("traced", error)


def _measure(integration: str, action: str, outcome: str, seconds: float, retries: int) -> None:
    if not _measures():
        return
    try:
        labels = {"modulex.integration": integration, "modulex.action": action, "modulex.outcome": outcome}
        labels |= _failure(outcome)
        durations, repeated = _instruments()
        durations.record(seconds, labels)
        if retries:
            repeated.add(retries, labels)
    except BaseException as error:
        _log_failure("measured", error)


def _log(integration: str, action: str, outcome: str, seconds: float, retries: int) -> None:
    values = {
        "integration": integration,
        "action": action,
        "outcome": outcome,
        "duration": seconds,
        "retries": retries,
    }
    try:
        CALLS.info("integration=%s action=%s outcome=%s duration=%.6f retries=%d", *values.values(), extra=values)
    except BaseException as error:
        _log_failure("logged", error)


def _failure(outcome: str) -> dict[str, str]:
    """The attribute that OpenTelemetry's conventions have for a failure.

    The code stands for the error's text, which may quote the input.
    """
    return {} if outcome in ("success", _CANCELLED) else {"error.type": outcome}


def _log_failure(what: str, error: BaseException) -> None:
    """A host's own span processor, metric reader or log filter must not end a call."""
    reraise_interrupt(error)
    # The filter that failed may fail on this line, too.
    with suppress(Exception):
        logging.getLogger(__name__).warning("a call could not be %s: %s", what, type(error).__name__)


def _traces() -> bool:
    if OPENTELEMETRY not in sys.modules:
        return False
    from opentelemetry.trace import get_tracer_provider  # noqa: PLC0415 - an extra, which is imported already

    return _is_real(get_tracer_provider, "traced")


def _measures() -> bool:
    if OPENTELEMETRY not in sys.modules:
        return False
    from opentelemetry.metrics import get_meter_provider  # noqa: PLC0415 - as above

    return _is_real(get_meter_provider, "measured")


def _is_real(provider: Callable[[], object], what: str) -> bool:
    """Whether a program has set a provider. Until then the library has one of its own, which does nothing."""
    try:
        return not type(provider()).__name__.lstrip("_").startswith(("Proxy", "NoOp"))
    except BaseException as error:
        # The environment may name one that is not installed (OTEL_PYTHON_TRACER_PROVIDER).
        _log_failure(what, error)
        return False


@cache
def _tracer() -> "Tracer":
    from opentelemetry.trace import get_tracer  # noqa: PLC0415 - as above

    return get_tracer(_NAME, __version__)


@cache
def _instruments() -> "tuple[Histogram, Counter]":
    from opentelemetry.metrics import get_meter  # noqa: PLC0415 - as above

    meter = get_meter(_NAME, __version__)
    return (
        meter.create_histogram(
            "modulex.call.duration",
            unit="s",
            description="How long calls of actions took, by outcome.",
            explicit_bucket_boundaries_advisory=_BUCKETS,
        ),
        meter.create_counter(
            "modulex.call.retries", unit="{request}", description="Requests of calls that were sent again."
        ),
    )
