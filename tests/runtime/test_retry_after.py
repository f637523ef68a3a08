"""How long a service asks to wait, in every way of writing it."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modulex_mem0.runtime import Runtime
from tests.helpers.calls import check, credential_for, failure
from tests.helpers.scripted_server import ScriptedServer
from tests.helpers.steps import reply
from tests.helpers.tiny_integration import plugin

DAY = 86_400


@pytest.fixture(scope="module")
def shared() -> Any:
    with Runtime(plugins=[plugin()]) as runtime:
        yield runtime


def _wait(runtime: Runtime, server: ScriptedServer, headers: Mapping[str, str], status: int = 429) -> float | None:
    server.script(reply(status, headers=headers))
    result = runtime.call_sync("tiny", "change", {}, credential=credential_for(server))
    check(runtime, "change", result)
    error = failure(result)
    assert (f"retry after {error.retry_after:g} s" in error.line) if error.retry_after is not None else True
    return error.retry_after


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("12", 12),
        ("0", 0),
        ("0.5", 0.5),
        (" 7 ", 7),
        ("-5", 0),
        ("99999999999", DAY),
        ("1e300", DAY),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", DAY),
        ("soon", None),
        ("", None),
        ("inf", None),
        ("nan", None),
        ("12, 13", None),
        ("Wed, 99 Foo 2015 77:28:00 GMT", None),
    ],
)
def test_retry_after(
    shared: Runtime, lasting_server: ScriptedServer, value: str, seconds: float | None, status: int
) -> None:
    assert _wait(shared, lasting_server, {"Retry-After": value}, status) == seconds


@pytest.mark.parametrize("zone", [" GMT", " -0000", " +0000"])
def test_a_date_ahead(shared: Runtime, lasting_server: ScriptedServer, zone: str) -> None:
    moment = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True).removesuffix(" GMT")
    seconds = _wait(shared, lasting_server, {"Retry-After": moment + zone})
    assert seconds is not None
    assert 3500 < seconds <= 3600


@pytest.mark.parametrize(("value", "seconds"), [("30", 30), ("-1", 0), ("later", None), ("", None), ("nan", None)])
def test_a_rate_limits_reset(
    shared: Runtime, lasting_server: ScriptedServer, value: str, seconds: float | None
) -> None:
    assert _wait(shared, lasting_server, {"X-RateLimit-Reset": value}) == seconds


def test_a_reset_as_a_moment(shared: Runtime, lasting_server: ScriptedServer) -> None:
    moment = datetime.now(UTC).timestamp() + 600
    seconds = _wait(shared, lasting_server, {"X-RateLimit-Reset": f"{moment:.0f}"})
    assert seconds is not None
    assert 500 < seconds <= 601


def test_retry_after_wins_over_the_reset(shared: Runtime, lasting_server: ScriptedServer) -> None:
    assert _wait(shared, lasting_server, {"X-RateLimit-Reset": "30", "Retry-After": "3"}) == 3


def test_an_unreadable_wait_leaves_the_reset(shared: Runtime, lasting_server: ScriptedServer) -> None:
    assert _wait(shared, lasting_server, {"X-RateLimit-Reset": "30", "Retry-After": "soon"}) == 30


def test_without_a_header_nothing_is_said(shared: Runtime, lasting_server: ScriptedServer) -> None:
    assert _wait(shared, lasting_server, {}) is None


LATIN = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=40)


DATE = re.compile(r"(\w{3}, )?\d{1,4} \w{3,9} \d{1,5} \d{1,3}:\d\d(:\d\d)?( [+-]\d{4,9})?", re.ASCII)


@given(value=LATIN | st.from_regex(DATE, fullmatch=True))
def test_any_header_is_a_wait_or_none(shared: Runtime, lasting_server: ScriptedServer, value: str) -> None:
    for name in ("Retry-After", "X-RateLimit-Reset"):
        seconds = _wait(shared, lasting_server, {name: value})
        assert seconds is None or 0 <= seconds <= DAY
