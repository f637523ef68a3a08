"""The right of an attempt to send ends in time, lets what is in flight end, and comes back to nobody."""

import asyncio
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from temporalio.client import Client
from temporalio.testing import ActivityEnvironment

from modulex_mem0.hosts.temporal import attempts
from modulex_mem0.hosts.temporal.attempts import AttemptEndedError, SendingRight, sending_right

Ending = asyncio.Future[None]


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


async def test_a_right_that_is_renewed_holds_and_one_that_is_taken_ends_at_once() -> None:
    right = SendingRight(0.2)
    waiting = asyncio.create_task(right.wait_until_ended())
    await asyncio.sleep(0)
    right.renew(attempts._now() + 3600)
    await asyncio.wait({waiting}, timeout=0.4)
    assert not waiting.done()
    assert await sends(right)
    right.end()
    await asyncio.wait_for(waiting, 5)


async def attempt(client: Client, answered: asyncio.Event, heartbeat: float) -> tuple[ActivityEnvironment, Ending]:
    """An attempt that the server does not know, which sends one request and waits; and how it ends."""
    environment = ActivityEnvironment(client)
    environment.info = replace(environment.info, heartbeat_timeout=timedelta(seconds=heartbeat))
    begun = asyncio.Event()

    async def send() -> None:
        async with sending_right(dict) as right:
            async with right.use():
                begun.set()
                await answered.wait()
            await asyncio.Event().wait()

    ending = asyncio.ensure_future(environment.run(send))
    await begun.wait()
    return environment, ending


@pytest.fixture
def answered() -> asyncio.Event:
    """Whether the request in flight has been answered."""
    return asyncio.Event()


async def test_an_attempt_that_the_server_does_not_confirm_ends_before_another_can_begin(
    client: Client, answered: asyncio.Event
) -> None:
    answered.set()
    begun = time.monotonic()
    _, ending = await attempt(client, answered, 2.0)
    with pytest.raises(AttemptEndedError):
        await asyncio.wait_for(ending, 5)
    # A server that fails to answer once or twice is asked again.
    assert 1.0 < time.monotonic() - begun < 2.0


async def test_an_attempt_whose_worker_is_stopped_ends_when_its_request_is_answered(
    client: Client, answered: asyncio.Event
) -> None:
    environment, ending = await attempt(client, answered, 60.0)
    environment.worker_shutdown()
    done, _ = await asyncio.wait({ending}, timeout=0.3)
    assert not done
    answered.set()
    with pytest.raises(AttemptEndedError):
        await asyncio.wait_for(ending, 5)


async def test_a_cancellation_is_passed_on(client: Client, answered: asyncio.Event) -> None:
    environment, ending = await attempt(client, answered, 60.0)
    environment.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(ending, 5)
