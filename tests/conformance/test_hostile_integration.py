"""The runtime survives a hostile integration in a defined way, and the kit finds what is wrong with it."""

import ast
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from modulex_mem0.conformance import json_reply
from modulex_mem0.conformance.probes import PROBES, Probe
from modulex_mem0.conformance.testbed import open_testbed
from modulex_mem0.runtime import Result, Runtime, RuntimeSettings
from tests.conformance.helpers import hostile_integration as hostile
from tests.conformance.helpers.command_line import modulex, python
from tests.helpers.installed import install

BY_NAME: dict[str, Probe] = {one.name: one for one in PROBES}


@pytest.fixture
async def host() -> AsyncIterator[Runtime]:
    async with Runtime(RuntimeSettings(timeout=0.2, retry_wait=0), plugins=[hostile]) as made:
        yield made


async def _call(host: Runtime, action: str) -> Result:
    return await host.call("hostile", action, {}, credential={"api_key": hostile.KEY})


DEFINED = {
    "raises": "internal",
    "raises_its_secret": "internal",
    "refuses_with_its_secret": "unauthorized",
    "exits": "internal",
    "raises_a_group": "internal",
    "hangs": "timeout",
    "returns_rubbish": "internal",
    "returns_itself": "internal",
    "recurses": "internal",
    "climbs_out": "internal",
    "blocks_the_loop": None,
    "returns_not_a_number": None,
}


@pytest.mark.parametrize("action", DEFINED)
async def test_whatever_a_handler_does_ends_in_a_result(host: Runtime, action: str) -> None:
    result = await _call(host, action)
    assert (result.error.code if result.error else None) == DEFINED[action]
    assert hostile.KEY not in repr(result)


async def test_a_secret_in_an_exception_is_masked_in_the_log(host: Runtime, caplog: pytest.LogCaptureFixture) -> None:
    await _call(host, "raises_its_secret")
    assert "ValueError" in caplog.text
    assert hostile.KEY not in caplog.text


async def test_the_host_goes_on_after_each_of_them(host: Runtime) -> None:
    for action in DEFINED:
        await _call(host, action)
    assert (await _call(host, "returns_not_a_number")).success


async def test_a_secret_in_an_output_is_masked(host: Runtime) -> None:
    assert hostile.KEY not in repr(await _call(host, "returns_its_secret"))


ENDLESS = """
import asyncio, os, sys
from tests.conformance.helpers import hostile_integration as hostile
from modulex_mem0.runtime import Runtime, RuntimeSettings

async def main():
    runtime = Runtime(RuntimeSettings(timeout=0.1), plugins=[hostile])
    call = asyncio.create_task(runtime.call("hostile", {action!r}, {{}}, credential={{"api_key": hostile.KEY}}))
    await asyncio.wait([call], timeout=10)
    answered = call.done() and not call.cancelled() and call.exception() is None
    sys.stdout.write(str(call.result().error.code) if answered else "no answer")
    sys.stdout.flush()
    # What ignores its cancellation would keep the loop from closing.
    os._exit(0)

asyncio.run(main())
"""


@pytest.mark.parametrize(
    ("action", "code"),
    [("ignores_cancellation", "timeout"), ("cleans_up_for_ever", "timeout"), ("cancels_itself", "internal")],
)
def test_a_call_ends_though_its_handler_does_not(action: str, code: str) -> None:
    assert python("-c", ENDLESS.format(action=action)).stdout == code


FOUND_BY = {
    "raises": "example_works",
    "raises_its_secret": "example_works",
    "exits": "example_works",
    "raises_a_group": "example_works",
    "hangs": "example_works",
    "returns_rubbish": "example_works",
    "returns_itself": "example_works",
    "recurses": "example_works",
    "cancels_itself": "example_works",
    "climbs_out": "example_works",
    "prints_its_secret": "credential_hidden",
    "logs_its_secret": "credential_hidden",
    "sends_its_secret_in_the_address": "credential_hidden",
    "blocks_the_loop": "event_loop_free",
    "goes_elsewhere": "other_hosts",
    "calls_failure_success": "hostile_replies",
    "trusts_the_reply": "hostile_replies",
    "tries_again_and_again": "sent_once",
}


@pytest.mark.parametrize("action", FOUND_BY)
async def test_a_probe_finds_it(action: str) -> None:
    async with open_testbed(hostile.INTEGRATION) as testbed:
        found = await BY_NAME[FOUND_BY[action]].findings(testbed, testbed.integration.actions[action])
    assert [finding.rule for finding in found][:1] == [FOUND_BY[action]], found
    # Findings are shown in the logs of builds.
    assert not [finding for finding in found if any(value in str(finding) for value in testbed.secret_values)]


ENDLESS_PROBE = """
import sys
from tests.conformance.helpers import hostile_integration as hostile
from modulex_mem0.conformance.checker import probe_integration
from modulex_mem0.conformance.probes.inputs import example_works
from modulex_mem0.contract import Integration

one = Integration(hostile.profile(), [hostile.INTEGRATION.actions[{action!r}]])
sys.stdout.write(" ".join(str(found) for found in probe_integration(one, probes=[example_works])))
"""


@pytest.mark.parametrize("action", ["ignores_cancellation", "cleans_up_for_ever"])
def test_the_kit_itself_ends_though_a_handler_does_not(action: str) -> None:
    ended = python("-c", ENDLESS_PROBE.format(action=action), timeout=60)
    assert ended.returncode == 0, ended.stderr
    assert "example_works" in ended.stdout


BROKEN = {
    "raises-at-import": "raise RuntimeError('no way')",
    "exits-at-import": "raise SystemExit(4)",
    "returns-nothing": "from modulex_mem0.contract import hookimpl\n@hookimpl\ndef modulex_integrations(): pass",
}
PLUGIN = """
from tests.conformance.helpers import hostile_integration as hostile
from modulex_mem0.contract import Integration, hookimpl

def actions():
    {actions}

@hookimpl
def modulex_integrations():
    return [Integration(hostile.profile({name!r}), actions)]
"""
ONE = "return [hostile.action_of(hostile.calls_failure_success)]"


@pytest.fixture
def hostile_site(tmp_path: Path) -> Path:
    for distribution, code in BROKEN.items():
        install(tmp_path, distribution, code, point=distribution)
    install(tmp_path, "zz-thief", PLUGIN.format(name="mem0", actions=ONE), point="thief")
    install(tmp_path, "two-of-a-name", PLUGIN.format(name="twins", actions=f"{ONE} * 2"), point="twins")
    install(tmp_path, "no-actions", PLUGIN.format(name="lazy", actions="raise OSError('no actions')"), point="lazy")
    return tmp_path


def test_check_reports_what_failed_to_load_and_what_cannot_be_used(hostile_site: Path) -> None:
    ended = modulex("check", "--all", "--static", site=hostile_site)
    assert ended.returncode == 1, ended.stderr
    for line in (
        "failed to load: RuntimeError: no way",
        "failed to load: SystemExit: 4",
        "two actions of twins are called calls_failure_success",
        "OSError: no actions",
        "also claimed by zz-thief",
    ):
        assert line in ended.stdout
    # Ours keeps its name and is otherwise untouched.
    assert "mem0 1.0.0 (modulex-mem0)" in ended.stdout


def test_every_hostile_handler_is_accounted_for() -> None:
    endless = {"ignores_cancellation", "cleans_up_for_ever"}
    harmless = {
        "ignores_cancellation",
        "refuses_with_its_secret",
        "returns_its_secret",
        "returns_not_a_number",
        "swallows_cancellation",
        "warns",
        "leaves_tasks_behind",
    }
    names = {handler.__name__ for handler in hostile.HANDLERS}
    assert names == set(FOUND_BY) | endless | harmless
    source = ast.parse(Path(hostile.__file__).read_text())
    defined = {node.name for node in source.body if isinstance(node, ast.AsyncFunctionDef)}
    assert defined == names


def test_a_json_reply_is_what_the_service_sends() -> None:
    value: Any = {"a": [1]}
    assert json_reply(value).head().startswith(b"HTTP/1.1 200")
