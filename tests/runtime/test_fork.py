"""A process forks after it used a runtime: child and parent both go on, and neither disturbs the other.

Each program runs by itself: a fork of the process of the tests would take its threads and its servers along.
"""

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from modulex_mem0.runtime import TransportName
from tests.helpers.programs import PATIENCE, run_program
from tests.helpers.scripted_server import ScriptedServer
from tests.helpers.steps import json_reply

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")

# Begins each program: a call, and how a parent waits for its child without waiting for ever.
PRELUDE = """
import os, sys, time, warnings
warnings.simplefilter("ignore", DeprecationWarning)
from modulex_mem0.runtime import Runtime, RuntimeSettings
# On a busy machine, a child may take longer than a connection is usually kept.
runtime = Runtime(RuntimeSettings(transport={transport!r}, keepalive_expiry=60))
credential = {{"api_key": "m0-0123456789", "base_url": {url!r}}}

def call():
    question = {{"user_id": "alice", "query": "food"}}
    result = runtime.call_sync("mem0", "search_memories", question, credential=credential, timeout=5)
    if result.error:
        print(result.error.line, file=sys.stderr)
    return result.success

def fork(child):
    pid = os.fork()
    if pid == 0:
        child()
        os._exit(99)
    end = time.monotonic() + 20
    while time.monotonic() < end:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.kill(pid, 9)
    return "the child hangs"
"""


def _run(program: str, server: ScriptedServer, transport: TransportName = "auto") -> list[str]:
    server.script(json_reply({"results": []}))
    done = run_program(PRELUDE.format(transport=transport, url=server.url) + program)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout.split()


def test_a_child_calls_and_so_does_its_parent_afterwards(server: ScriptedServer, transport: TransportName) -> None:
    program = """
print(call(), flush=True)
print(fork(lambda: (print(call(), flush=True), sys.exit(0))), flush=True)
begun = time.monotonic()
print(call(), time.monotonic() - begun < 1)
runtime.close()
"""
    assert _run(program, server, transport) == ["True", "True", "0", "True", "True"]
    # The parent's second call found its connection as it was: the child, which ended, has not touched it.
    first, child, second = server.requests
    assert first.connection == second.connection
    assert first.connection != child.connection


def test_a_child_that_calls_nothing_ends_and_leaves_the_parents_connection_alone(
    server: ScriptedServer, transport: TransportName
) -> None:
    program = """
print(call(), flush=True)
print(fork(lambda: sys.exit(0)), fork(lambda: (runtime.close(), sys.exit(0))), flush=True)
begun = time.monotonic()
print(call(), time.monotonic() - begun < 1)
"""
    assert _run(program, server, transport) == ["True", "0", "0", "True", "True"]
    assert server.connections == 1


def test_a_child_of_a_child(server: ScriptedServer) -> None:
    program = """
print(call(), flush=True)
def child():
    call()
    print(fork(lambda: (print(call(), flush=True), os._exit(0))), flush=True)
    print(call(), flush=True)
    sys.exit(0)
print(fork(child), call())
"""
    assert _run(program, server) == ["True", "True", "0", "True", "0", "True"]


def test_a_fork_in_the_middle_of_a_call(server: ScriptedServer) -> None:
    program = """
import threading
# What is half imported at the fork stays half imported in the child, in any Python program.
call()
# Another thread holds whatever a call holds, at any moment of a call.
def calling():
    while not over.is_set():
        call()
over = threading.Event()
thread = threading.Thread(target=calling)
thread.start()
for _ in range(15):
    ended = fork(lambda: os._exit(0 if call() else 1))
    if ended != 0:
        print(ended)
over.set()
thread.join()
print(call())
"""
    assert _run(program, server) == ["True"]


def test_asynchronous_calls_before_and_after_a_fork(server: ScriptedServer, transport: TransportName) -> None:
    program = """
import asyncio
async def ask():
    question = {"user_id": "alice", "query": "food"}
    return (await runtime.call("mem0", "search_memories", question, credential=credential, timeout=5)).success
print(asyncio.run(ask()), call(), flush=True)
print(fork(lambda: (print(asyncio.run(ask()), call(), flush=True), sys.exit(0))), flush=True)
print(asyncio.run(ask()), call())
"""
    assert _run(program, server, transport) == ["True"] * 4 + ["0"] + ["True"] * 2


def test_a_pool_of_forked_processes(server: ScriptedServer) -> None:
    program = """
import multiprocessing
print(call(), flush=True)
with multiprocessing.get_context("fork").Pool(2) as pool:
    print(*pool.starmap_async(call, [()] * 8).get(30))
    pool.close()
    pool.join()
print(call())
"""
    assert _run(program, server) == ["True"] * 10


def test_a_process_pool_passes_on_that_a_name_is_misspelt(server: ScriptedServer) -> None:
    # An exception that cannot be pickled would break the pool and all that was given to it.
    program = """
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
def misspelt():
    runtime.call_sync("mem0", "serch_memories", {}, credential=credential)
call()
with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork")) as pool:
    print(type(pool.submit(misspelt).exception(30)).__name__, pool.submit(call).result(30))
"""
    assert _run(program, server) == ["UnknownActionError", "True"]


def test_a_child_of_a_process_with_langchain_tools(server: ScriptedServer) -> None:
    pytest.importorskip("langchain_core", reason="the extra `langchain` is not installed")
    program = """
from modulex_mem0.hosts.langchain import tools
(tool,) = tools(credential=credential, user_id="alice", actions=["search_memories"])
def invoke():
    return tool.invoke({"query": "food"})["success"]
print(invoke(), flush=True)
print(fork(lambda: sys.exit(0)), flush=True)
print(fork(lambda: (print(invoke(), flush=True), sys.exit(0))), flush=True)
print(invoke())
"""
    assert _run(program, server) == ["True", "0", "True", "0", "True"]


# Real servers that fork their workers after they imported an application.

APPLICATION = """
import os
from modulex_mem0.runtime import Runtime

runtime = Runtime()

def search():
    credential = {"api_key": "m0-0123456789", "base_url": os.environ["SERVICE"]}
    question = {"user_id": "alice", "query": "food"}
    return runtime.call_sync("mem0", "search_memories", question, credential=credential, timeout=5)

# Used in the process that will fork.
assert search().success
"""


@contextmanager
def _running(*command: str, folder: Path, server: ScriptedServer, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    server.script(json_reply({"results": []}))
    with (
        log.open("wb") as output,
        subprocess.Popen(
            command, cwd=folder, stdout=output, stderr=output, env=os.environ | {"SERVICE": server.url}
        ) as process,
    ):
        try:
            yield process
            process.send_signal(signal.SIGTERM)
            # A worker that hangs at its exit is killed by its master only after half a minute.
            assert process.wait(20) == 0, log.read_text()
        finally:
            process.kill()


def test_gunicorn_with_preload(server: ScriptedServer, tmp_path: Path) -> None:
    if importlib.util.find_spec("gunicorn") is None:
        pytest.skip("gunicorn is not installed")
    (tmp_path / "application.py").write_text(
        APPLICATION
        + """
def app(environ, start_response):
    result = search()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{result.success} {os.getpid()}".encode()]
"""
    )
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    log = tmp_path / "log"
    command = [sys.executable, "-m", "gunicorn", "--preload", "--workers", "2", "--bind", f"127.0.0.1:{port}"]
    with _running(*command, "application:app", folder=tmp_path, server=server, log=log) as process:
        _wait_for_port(port, process, log)
        answers = [httpx.get(f"http://127.0.0.1:{port}/", timeout=10, trust_env=False).text for _ in range(6)]
    assert {answer.partition(" ")[0] for answer in answers} == {"True"}
    assert str(process.pid) not in {answer.partition(" ")[2] for answer in answers}


def test_celery_with_prefork_workers(server: ScriptedServer, tmp_path: Path) -> None:
    if importlib.util.find_spec("celery") is None:
        pytest.skip("celery is not installed")
    for folder in ("queue", "results"):
        (tmp_path / folder).mkdir()
    (tmp_path / "tasks.py").write_text(
        APPLICATION
        + f"""
from celery import Celery

app = Celery("tasks", broker="filesystem://", backend="file://{tmp_path}/results")
app.conf.broker_transport_options = {{
    "data_folder_in": "{tmp_path}/queue", "data_folder_out": "{tmp_path}/queue", "control_folder": "{tmp_path}/control",
}}

@app.task
def remember():
    return search().success
"""
    )
    log = tmp_path / "log"
    command = [sys.executable, "-m", "celery", "-A", "tasks", "worker", "--pool", "prefork", "--concurrency", "2"]
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    with _running(*command, *quiet, folder=tmp_path, server=server, log=log):
        asked = (
            "from tasks import remember\nprint(*[one.get(timeout=25) for one in [remember.delay() for _ in range(4)]])"
        )
        asking = subprocess.run(
            [sys.executable, "-c", asked],
            cwd=tmp_path,
            env=os.environ | {"SERVICE": server.url},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert asking.stdout.split() == ["True"] * 4, asking.stderr + log.read_text()
    shutil.rmtree(tmp_path / "queue")


def _wait_for_port(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(log.read_text())
