"""What operators see of calls: log lines, spans and metrics; and what they never see."""

import asyncio
import json
import logging
import subprocess
import sys
from typing import Any

import pytest

from modulex_mem0.runtime import Runtime, RuntimeSettings
from tests.helpers.calls import credential_for
from tests.helpers.programs import run_program
from tests.helpers.scripted_server import ScriptedServer
from tests.helpers.steps import hang, json_reply, reply
from tests.helpers.tiny_integration import KEY, plugin

_SECRET = "what the user asked"


async def test_each_call_is_a_line(server: ScriptedServer, caplog: pytest.LogCaptureFixture) -> None:
    server.script(json_reply({}), reply(503), json_reply({}), reply(404))
    caplog.set_level(logging.INFO, "modulex_mem0.calls")
    async with Runtime(RuntimeSettings(retry_wait=0.01), plugins=[plugin()]) as runtime:
        bound = runtime.bind("tiny", credential=credential_for(server))
        for _ in range(3):
            await bound.call("find", {"body": _SECRET})
        await bound.call("find", {"path": 1})
    lines = [record for record in caplog.records if record.name == "modulex_mem0.calls"]
    seen = [(vars(line)["outcome"], vars(line)["retries"]) for line in lines]
    assert seen == [("success", 0), ("success", 1), ("not_found", 0), ("invalid_input", 0)]
    for line in lines:
        assert (vars(line)["integration"], vars(line)["action"]) == ("tiny", "find")
        assert 0 < vars(line)["duration"] < 30
        assert line.getMessage().startswith("integration=tiny action=find outcome=")
        assert not [word for word in (KEY, _SECRET, server.url) if word in f"{line.getMessage()} {vars(line)}"]


async def test_a_cancelled_call_is_a_line_too(
    server: ScriptedServer, runtime: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    server.script(hang)
    caplog.set_level(logging.INFO, "modulex_mem0.calls")
    task = asyncio.create_task(runtime.call("tiny", "fetch", {}, credential=credential_for(server)))
    await asyncio.to_thread(server.wait_for_requests, 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [vars(record)["outcome"] for record in caplog.records if record.name == "modulex_mem0.calls"] == [
        "cancelled"
    ]


async def test_without_a_listener_nothing_is_logged(
    server: ScriptedServer, runtime: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    server.script(json_reply({}))
    caplog.set_level(logging.WARNING)
    assert (await runtime.call("tiny", "fetch", {}, credential=credential_for(server))).success
    assert not caplog.records


@pytest.mark.parametrize("part", ["filter", "factory"])
async def test_logging_that_fails_does_not_end_a_call(
    server: ScriptedServer, runtime: Runtime, caplog: pytest.LogCaptureFixture, part: str
) -> None:
    """Of a change that was made, the caller would make it again."""
    server.script(json_reply({}))
    caplog.set_level(logging.INFO, "modulex_mem0")
    factory = logging.getLogRecordFactory()

    def fail(record: logging.LogRecord) -> bool:
        raise RuntimeError(f"no luck with {KEY}")

    def with_an_action(*arguments: Any, **more: Any) -> logging.LogRecord:
        record = factory(*arguments, **more)
        record.action = "of the host"
        return record

    if part == "filter":
        caplog.handler.addFilter(fail)
    else:
        logging.setLogRecordFactory(with_an_action)
    try:
        assert (await runtime.call("tiny", "change", {}, credential=credential_for(server))).success
    finally:
        logging.setLogRecordFactory(factory)
        caplog.handler.removeFilter(fail)
    expected = [] if part == "filter" else ["a call could not be logged: KeyError"]
    assert [record.getMessage() for record in caplog.records] == expected


# In a process of its own: a provider can be set once, and the other tests should run without.
_PROGRAM = """
import asyncio, contextlib, json, sys
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from modulex_mem0.contract import ActionInput, ActionOutput, Context, Integration, Profile, action, hookimpl
from modulex_mem0.runtime import Runtime, RuntimeSettings
from tests.helpers.tiny_integration import KEY, plugin

credential = {"api_key": KEY, "base_url": sys.argv[1]}
spans, reader = InMemorySpanExporter(), InMemoryMetricReader()

with Runtime(RuntimeSettings(retry_wait=0.01), plugins=[plugin()]) as runtime:
    # Before a provider is set, as in a program whose libraries import the API alone.
    assert runtime.call_sync("tiny", "find", {}, credential=credential).success

provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(spans))
trace.set_tracer_provider(provider)
metrics.set_meter_provider(MeterProvider([reader]))

with Runtime(RuntimeSettings(retry_wait=0.01), plugins=[plugin()]) as runtime:
    with trace.get_tracer("host").start_as_current_span("the host's"):
        for _ in range(2):
            runtime.call_sync("tiny", "find", {"body": sys.argv[2]}, credential=credential)

points = [
    {
        "metric": metric.name,
        "unit": metric.unit,
        "attributes": dict(point.attributes),
        "value": getattr(point, "count", None) or point.value,
        "bounds": getattr(point, "explicit_bounds", ()),
    }
    for resource in reader.get_metrics_data().resource_metrics
    for scope in resource.scope_metrics
    for metric in scope.metrics
    for point in metric.data.data_points
]
print(json.dumps({"spans": [json.loads(span.to_json()) for span in spans.get_finished_spans()], "points": points}))
"""


async def test_calls_are_spans_and_measured(server: ScriptedServer) -> None:
    pytest.importorskip("opentelemetry.sdk", reason="opentelemetry-sdk is not installed")
    server.script(json_reply({}), reply(503), json_reply({}), reply(404, b'{"detail": "no such thing"}'))
    ended = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", _PROGRAM, server.url, _SECRET],
        check=False,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    seen = json.loads(ended.stdout)
    first, second, host = seen["spans"]
    assert (first["name"], second["name"], host["name"]) == ("tiny find", "tiny find", "the host's")
    # They stand under the span that the caller had open, across the thread of synchronous calls.
    assert first["parent_id"] == second["parent_id"] == host["context"]["span_id"]
    names = {"modulex.integration": "tiny", "modulex.action": "find"}
    assert first["attributes"] == {**names, "modulex.outcome": "success", "modulex.retries": 1}
    assert first["status"] == {"status_code": "UNSET"}
    assert second["attributes"] == {
        **names,
        "modulex.outcome": "not_found",
        "modulex.retries": 0,
        "error.type": "not_found",
    }
    assert second["status"] == {"status_code": "ERROR", "description": "not_found"}
    assert {(p["metric"], p["attributes"]["modulex.outcome"], p["value"]) for p in seen["points"]} == {
        ("modulex.call.duration", "success", 1),
        ("modulex.call.duration", "not_found", 1),
        ("modulex.call.retries", "success", 1),
    }
    assert {p["attributes"].get("error.type") for p in seen["points"]} == {None, "not_found"}
    # A quick call and one at its deadline are in different buckets.
    (bounds,) = {tuple(p["bounds"]) for p in seen["points"] if p["metric"] == "modulex.call.duration"}
    assert (min(bounds), max(bounds)) == (0.005, 60)
    assert {p["unit"] for p in seen["points"]} == {"s", "{request}"}
    assert not [word for word in (KEY, _SECRET, "no such thing", server.url) if word in ended.stdout + ended.stderr]


_CALL = """
import sys
from modulex_mem0.runtime import Runtime
from tests.helpers.tiny_integration import KEY, plugin

with Runtime(plugins=[plugin()]) as runtime:
    print(runtime.call_sync("tiny", "change", {}, credential={"api_key": KEY, "base_url": sys.argv[1]}).success)
"""

_FAILING = """
import sys
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from tests.helpers.tiny_integration import KEY

def fail(*arguments, **more):
    raise RuntimeError("no luck with " + KEY)

if sys.argv[2] == "metrics":
    MeterProvider.get_meter = fail
    metrics.set_meter_provider(MeterProvider())
else:
    processor = SpanProcessor()
    setattr(processor, sys.argv[2], fail)
    provider = TracerProvider()
    provider.add_span_processor(processor)
    trace.set_tracer_provider(provider)
"""


@pytest.mark.parametrize(("part", "missing"), [("metrics", "measured"), ("on_start", "traced"), ("on_end", "traced")])
def test_what_a_host_observes_with_does_not_end_a_call_when_it_fails(
    server: ScriptedServer, part: str, missing: str
) -> None:
    pytest.importorskip("opentelemetry.sdk", reason="opentelemetry-sdk is not installed")
    server.script(json_reply({}))
    done = run_program(_FAILING + _CALL, arguments=[server.url, part])
    assert (done.returncode, done.stdout) == (0, "True\n"), done.stderr
    assert done.stderr == f"a call could not be {missing}: RuntimeError\n"
    assert len(server.requests) == 1


@pytest.mark.parametrize(("kind", "missing"), [("TRACER", "traced"), ("METER", "measured")])
def test_a_provider_that_is_not_installed_does_not_end_a_call(server: ScriptedServer, kind: str, missing: str) -> None:
    pytest.importorskip("opentelemetry.trace", reason="opentelemetry-api is not installed")
    server.script(json_reply({}))
    environment = {f"OTEL_PYTHON_{kind}_PROVIDER": "of-a-vendor"}
    done = run_program(f"import opentelemetry.trace\n{_CALL}", arguments=[server.url], environment=environment)
    assert (done.returncode, done.stdout) == (0, "True\n"), done.stderr
    assert f"a call could not be {missing}: " in done.stderr
    assert KEY not in done.stderr
