"""Errors are named by what the caller does next, and fit on one line."""

import copy
import pickle

import pytest

from modulex_mem0.contract import ActionError, ErrorCode, ErrorInfo

DOCUMENTED = (
    "invalid_input missing_credential unauthorized forbidden not_found quota_exceeded rate_limited timeout"
    " connection_failed service_error bad_response event_failed outcome_unknown unsupported internal"
)


def test_the_codes_are_those_that_are_documented() -> None:
    assert [str(code) for code in ErrorCode] == DOCUMENTED.split()


@pytest.mark.parametrize("code", ErrorCode)
def test_every_code_says_what_to_do_next(code: ErrorCode) -> None:
    assert code.advice.endswith(".")
    assert len(code.advice) > 20


@pytest.mark.parametrize(
    ("info", "line"),
    [
        (ErrorInfo(ErrorCode.NOT_FOUND, "gone"), "not_found: gone"),
        (ErrorInfo(ErrorCode.NOT_FOUND, "gone", http_status=404), "not_found: gone (HTTP 404)"),
        (ErrorInfo(ErrorCode.RATE_LIMITED, "slow", retry_after=0.0), "rate_limited: slow (retry after 0 s)"),
        (
            ErrorInfo(ErrorCode.RATE_LIMITED, "slow", retry_after=12.0, http_status=429),
            "rate_limited: slow (HTTP 429; retry after 12 s)",
        ),
        (ErrorInfo(ErrorCode.RATE_LIMITED, "slow", retry_after=1.5), "rate_limited: slow (retry after 1.5 s)"),
        (ErrorInfo(ErrorCode.RATE_LIMITED, "slow", retry_after=86400.0), "rate_limited: slow (retry after 86400 s)"),
    ],
)
def test_the_line(info: ErrorInfo, line: str) -> None:
    assert info.line == line


def test_an_unknown_code_is_refused_where_it_is_written() -> None:
    with pytest.raises(ValueError, match="no_such_code"):
        ActionError("no_such_code", "why")  # type: ignore[arg-type]


class BusyError(ActionError):
    """An error of an integration, which is made in its own way."""

    def __init__(self, job: int) -> None:
        super().__init__(ErrorCode.RATE_LIMITED, f"job {job} is running", retry_after=2.0, http_status=409)
        self.job = job


def test_an_integrations_own_error_comes_out_of_a_process_as_it_went_in() -> None:
    error = BusyError(7)
    for other in (copy.copy(error), pickle.loads(pickle.dumps(error))):  # noqa: S301 - our own
        assert type(other) is BusyError
        assert (str(other), other.args, vars(other)) == (str(error), error.args, vars(error))


def test_an_error_says_what_its_handler_knows_and_no_more() -> None:
    error = ActionError(ErrorCode.NOT_FOUND, "gone")
    assert (error.code, error.message, str(error)) == (ErrorCode.NOT_FOUND, "gone", "gone")
    assert (error.retry_after, error.http_status, error.retryable, error.partial_output) == (None, None, None, {})
    error = ActionError(
        ErrorCode.RATE_LIMITED, "slow", retry_after=2.0, http_status=429, retryable=False, partial_output={"id": "e"}
    )
    assert (error.retry_after, error.http_status, error.retryable) == (2.0, 429, False)
    assert error.partial_output == {"id": "e"}
    info = ErrorInfo(ErrorCode.NOT_FOUND, "gone")
    assert (info.retryable, info.retry_after, info.http_status) == (False, None, None)
