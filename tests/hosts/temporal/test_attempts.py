"""The right of an attempt to send ends in time, lets what is in flight end, and comes back to nobody."""

import asyncio
import time

import pytest

from modulex_mem0.hosts.temporal.attempts import SendingRight


async def sends(right: SendingRight) -> bool:
    """Whether a request is let through."""

    async def send() -> bool:
        async with right.use():
            return True

    task = asyncio.create_task(send())
    done, _ = await asyncio.wait({task}, timeout=0.1)
    task.cancel()
    return bool(done)


async def test_a_right_that_is_not_renewed_ends_also_if_nothing_watched_it() -> None:
    right = SendingRight(0.2)
    assert await sends(right)
    # As a process that was frozen: no timer had a chance to run.
    time.sleep(0.3)  # noqa: ASYNC251
    assert not await sends(right)
    right.renew(time.monotonic() + 3600)
    assert not await sends(right), "an answer that comes late brings the right back"


async def test_what_is_in_flight_ends_before_the_right_is_drained() -> None:
    right = SendingRight(3600)
    answered = asyncio.Event()

    async def send() -> str:
        async with right.use():
            await answered.wait()
            return "sent"

    sending = asyncio.create_task(send())
    await asyncio.sleep(0)
    right.end()
    assert not await sends(right)
    drained = asyncio.create_task(right.wait_until_drained())
    await asyncio.sleep(0)
    assert not drained.done()
    answered.set()
    assert await sending == "sent"
    await drained


@pytest.mark.parametrize("ends", [True, False])
async def test_waiting_for_the_end_of_a_right(ends: bool) -> None:
    right = SendingRight(0.1 if ends else 3600)
    waiting = asyncio.create_task(right.wait_until_ended())
    done, _ = await asyncio.wait({waiting}, timeout=5 if ends else 0.3)
    assert bool(done) is ends
    waiting.cancel()
