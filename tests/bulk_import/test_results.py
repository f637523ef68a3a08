"""The events of accepted rows: they are followed to their ends, and a failed one is reported with its row."""

import time
from collections.abc import Callable

from modulex_mem0.bulk_import import Destination, Rate, follow_chunk
from modulex_mem0.runtime import Runtime
from modulex_mem0.sandbox import running_sandbox
from tests.bulk_import.conftest import WriteRows, add, send

ADD = "/v3/memories/add/"


async def test_events_that_fail_are_reported_with_their_rows(write_rows: WriteRows) -> None:
    rows = [add(f"I have seen place number {number}.") for number in range(4)]
    with running_sandbox(delay=0.05) as sandbox:
        sandbox.set_faults({"path": ADD, "calls": 2, "event_error": "the model is down"})
        async with Runtime() as runtime:
            destination = Destination(runtime, {"api_key": sandbox.api_key, "base_url": sandbox.base_url})
            rate, since = Rate(in_flight=1), time.time()
            seen: dict[str, int] = {}
            count: Callable[[str, int], None] = lambda what, more: seen.update({what: seen.get(what, 0) + more})  # noqa: E731
            path = write_rows(rows=rows)
            sent = await send(destination, path, rate=rate, on_progress=count)
            assert (sent.accepted, sent.finished, len(sent.pending)) == (4, 0, 4)
            ended = await follow_chunk(destination, sent, rate=rate, since=since, on_progress=count)
            assert (ended.accepted, ended.finished, ended.pending) == (4, 3, {})
            assert [(f.place, f.stage, f.reason) for f in ended.failures] == [("line 2", "event", "the model is down")]
            assert seen == {"accepted": 4, "finished": 3, "failed": 1}
            # The failure is known, so another try reports it and sends nothing.
            again = await send(destination, path, rate=rate, again=True, since=since)
            assert (again.accepted, again.finished, again.failures) == (4, 3, ended.failures)
