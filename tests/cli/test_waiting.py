"""A long call: progress at a terminal, silence elsewhere, and Ctrl-C."""

import os
import pty
import signal
import socket
import subprocess
import sys
from collections.abc import Callable

Run = Callable[..., subprocess.CompletedProcess[str]]
CALL = [sys.executable, "-m", "modulex_mem0.cli", "call"]


def test_progress_is_shown_on_a_terminal_and_erased(environment: dict[str, str], echo: dict[str, str]) -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*CALL, "wait", "--integration", "echo"],
        stdout=subprocess.PIPE,
        stderr=theirs,
        env=environment | echo,
    ) as process:
        os.close(theirs)
        assert process.stdout is not None
        output = process.stdout.read()
    shown = _everything(ours)
    assert process.returncode == 0
    assert b'"success": true' in output
    assert "counting 2 of 7 (1 s)" in shown
    assert shown.endswith("\r\x1b[K")


def _everything(terminal: int) -> str:
    """What was written to the other end, which is closed."""
    chunks = b""
    try:
        while chunk := os.read(terminal, 4096):
            chunks += chunk
    except OSError:
        pass  # Linux says so when the other end of a terminal is closed
    finally:
        os.close(terminal)
    return chunks.decode()


def test_no_progress_where_nobody_watches(run: Run, echo: dict[str, str]) -> None:
    ended = run("call", "wait", "--integration", "echo", env=echo)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_ctrl_c_ends_a_call_cleanly_and_says_that_it_may_have_been_carried_out(environment: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(30)
        account = {"MEM0_API_KEY": "m0-any", "MEM0_BASE_URL": f"http://127.0.0.1:{silent.getsockname()[1]}"}
        with subprocess.Popen(
            [*CALL, "add_memories", "-p", "user_id=alice", "-p", "messages=I cook."],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment | account,
        ) as process:
            connection, _ = silent.accept()
            with connection:
                connection.recv(65536)
                process.send_signal(signal.SIGINT)
                output, errors = process.communicate(timeout=15)
    assert (process.returncode, output) == (130, "")
    assert "add_memories may have been carried out; look before calling it again" in errors
    assert errors.endswith("modulex-mem0: interrupted\n")
    assert "Traceback" not in errors
