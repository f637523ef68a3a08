"""Exceptions and results come out of a process pool as they went in."""

import copy
import pickle
from typing import Any

import pytest

from modulex_mem0.contract import ActionError, ErrorCode, ErrorInfo
from modulex_mem0.hosts.toolset import NotOfferedError
from modulex_mem0.runtime import (
    BrokenIntegrationError,
    Result,
    RuntimeClosedError,
    RuntimeUsageError,
    UnknownActionError,
    UnknownIntegrationError,
)

ERRORS = [
    BrokenIntegrationError("tiny", "its actions", ImportError("gone")),
    RuntimeClosedError("closed"),
    RuntimeUsageError("wrong"),
    UnknownActionError("tiny", "fetsch", ["fetch"]),
    UnknownActionError("tiny", None, ["fetch"]),
    UnknownIntegrationError("memo", ["mem0"]),
    UnknownIntegrationError("sad", [], "no luck"),
    NotOfferedError("not offered"),
]


def _same(error: Any) -> Any:
    pickled = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    for other in (copy.copy(error), copy.deepcopy(error), pickled):
        assert type(other) is type(error)
        assert (str(other), other.args) == (str(error), error.args)
    return pickled


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_a_usage_error_survives_pickling(error: RuntimeUsageError) -> None:
    _same(error)


def test_every_usage_error_is_tried() -> None:
    ours = {kind for kind in _below(RuntimeUsageError) if kind.__module__.startswith("modulex_mem0.")}
    assert ours <= {type(error) for error in ERRORS}


def _below(kind: type[Any]) -> set[type[Any]]:
    return {kind}.union(*(_below(one) for one in kind.__subclasses__()))


def test_an_action_error_survives_pickling_with_all_its_parts() -> None:
    error = ActionError(
        ErrorCode.RATE_LIMITED, "slow down", retry_after=3.0, http_status=429, partial_output={"event_id": "e"}
    )
    other = _same(error)
    assert vars(other) == vars(error)
    assert other.code is ErrorCode.RATE_LIMITED


def test_a_result_survives_pickling() -> None:
    result = Result(success=False, output={"error": "x"}, error=ErrorInfo(ErrorCode.TIMEOUT, "late"))
    assert pickle.loads(pickle.dumps(result)) == result  # noqa: S301 - our own


def test_a_cause_that_cannot_be_shown_is_still_a_reason() -> None:
    class Unprintable(Exception):  # noqa: N818 - short
        def __str__(self) -> str:
            raise SystemExit

    assert "Unprintable: its reason cannot be shown" in str(BrokenIntegrationError("tiny", "it", Unprintable()))
