"""The rate: unlimited until the service limits it, then by what the service says, and it recovers."""

import asyncio
import itertools
import time

import pytest

from modulex_mem0.bulk_import import Rate
from modulex_mem0.contract import ErrorCode, ErrorInfo

LIMITED = ErrorInfo(ErrorCode.RATE_LIMITED, "slow down", http_status=429)
DOWN = ErrorInfo(ErrorCode.CONNECTION_FAILED, "refused")


async def _send(rate: Rate, count: int, error: ErrorInfo | None = None) -> float:
    begun = time.monotonic()
    for _ in range(count):
        async with rate.turn() as turn:
            rate.report(turn, error)
    return time.monotonic() - begun


async def test_nothing_limits_it_at_first() -> None:
    rate = Rate()
    assert rate.limit is None
    assert await _send(rate, 1000) < 5


async def test_the_ceiling_holds() -> None:
    rate = Rate(100)
    assert rate.limit == 100
    assert await _send(rate, 21) >= 0.19


async def test_retry_after_stops_everything_and_the_rate_is_halved() -> None:
    rate = Rate()
    await _send(rate, 50)
    before = rate.measured
    await _send(rate, 1, ErrorInfo(ErrorCode.RATE_LIMITED, "slow down", retry_after=0.2, http_status=429))
    assert 0.1 < rate.pause <= 0.2
    assert rate.limit is not None
    assert rate.limit <= before
    assert await _send(rate, 1) >= 0.1
    assert rate.pause == 0


async def test_what_was_in_flight_does_not_cut_the_rate_again() -> None:
    rate = Rate(in_flight=10)
    await _send(rate, 50)
    both = asyncio.Barrier(10)

    async def limited() -> None:
        async with rate.turn() as turn:
            # All have left before the first reply.
            await both.wait()
            rate.report(turn, ErrorInfo(ErrorCode.RATE_LIMITED, "slow down", retry_after=0.0, http_status=429))

    measured = rate.measured
    await asyncio.gather(*(limited() for _ in range(10)))
    assert rate.limit is not None
    assert rate.limit >= measured / 8


async def test_without_retry_after_the_pause_doubles() -> None:
    rate = Rate()
    pauses = []
    for _ in range(3):
        rate._cut_at = rate._paused_until = 0
        async with rate.turn() as turn:
            rate.report(turn, LIMITED)
        pauses.append(rate.pause)
        rate._next = 0
    assert [round(pause) for pause in pauses] == [1, 2, 4]


async def test_a_long_storm_halves_the_rate_once() -> None:
    rate = Rate()
    await _send(rate, 50)
    before = rate.measured
    await _send(rate, 20, ErrorInfo(ErrorCode.RATE_LIMITED, "slow down", retry_after=0.0, http_status=429))
    assert rate.limit is not None
    assert before / 4 < rate.limit <= before
    cut = rate.limit
    await _send(rate, 1)
    await _send(rate, 1, ErrorInfo(ErrorCode.RATE_LIMITED, "slow down", retry_after=0.0, http_status=429))
    assert rate.limit <= cut / 2


async def test_it_grows_back() -> None:
    rate = Rate()
    clock = time.monotonic()
    rate._rate, rate._cut_from, rate._grown_at = 10.0, 100.0, clock
    grown = []
    for _ in range(60):
        clock += 1
        rate._succeeded(clock)
        grown.append(rate.limit or 0)
    # Carefully near what it was cut from, and past it as before.
    assert grown[:2] == pytest.approx([11, 12.1])
    near = [after / before for before, after in itertools.pairwise(grown) if 91 < before < 124]
    assert len(near) > 5
    assert near == pytest.approx([1.02] * len(near))
    assert grown[-1] > 250


async def test_an_outage_lets_one_request_try_at_a_time() -> None:
    rate = Rate(in_flight=8)
    await _send(rate, 3, DOWN)
    assert rate.pause > 0
    trying = most = 0

    async def attempt() -> None:
        nonlocal trying, most
        async with rate.turn() as turn:
            trying += 1
            most = max(most, trying)
            await asyncio.sleep(0)
            trying -= 1
            rate.report(turn, None if most else DOWN)

    rate._paused_until = 0
    await asyncio.gather(*(attempt() for _ in range(8)))
    assert most == 1
    # It is over with the first success.
    assert rate._failures == 0


async def test_no_more_than_so_many_at_once() -> None:
    rate = Rate(in_flight=3)
    open_now = most = 0

    async def attempt() -> None:
        nonlocal open_now, most
        async with rate.turn() as turn:
            open_now += 1
            most = max(most, open_now)
            await asyncio.sleep(0)
            open_now -= 1
            rate.report(turn, None)

    await asyncio.gather(*(attempt() for _ in range(20)))
    assert most == 3


@pytest.mark.parametrize("arguments", [{"ceiling": 0}, {"ceiling": -1}, {"in_flight": 0}])
def test_limits_under_which_nothing_could_be_sent(arguments: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must be"):
        Rate(**arguments)  # type: ignore[arg-type]
