"""`import`: a file, its progress and its end; status, failures and undo of the job."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from modulex_mem0.sandbox import RunningSandbox

Completed = subprocess.CompletedProcess[str]
Run = Callable[..., Completed]


@pytest.fixture
def account(account: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """The sandbox, and a folder for ledgers that is the test's own."""
    return account | {"MODULEX_HOME": str(tmp_path / "home")}


def _write(path: Path, rows: list[Any]) -> None:
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))


def _row(text: str, user_id: str | None = "alice") -> dict[str, Any]:
    user = {} if user_id is None else {"user_id": user_id}
    return {**user, "messages": [{"role": "user", "content": text}], "infer": False}


def _memories(run_here: Run, account: dict[str, str], user_id: str) -> list[str]:
    ended = run_here("call", "get_memories", "-p", f"user_id={user_id}", env=account)
    return sorted(memory["memory"] for memory in json.loads(ended.stdout)["memories"])


def test_a_dry_run_counts_rows_that_are_wrong_in_the_same_way(run_here: Run, tmp_path: Path) -> None:
    rows = [b"user_id,content", b"anna,I cook.", *(b"bob,caf\xe9 %d" % number for number in range(10, 13))]
    (tmp_path / "rows.csv").write_bytes(b"\n".join(rows))
    ended = run_here("import", "rows.csv", "--dry-run")
    assert "3 x is not UTF-8 text (line 3, line 4, line 5)" in ended.stdout


def test_an_import_and_what_can_be_done_with_it(run_here: Run, account: dict[str, str], tmp_path: Path) -> None:
    _write(tmp_path / "rows.jsonl", [_row("I cook"), _row("I cook"), _row("I sing", "bob"), _row("Lost", None)])
    survey = run_here("import", "rows.jsonl", "--dry-run", env=account)
    assert survey.returncode == 1
    assert "would send 2 adds with 2 messages for 2 users\nduplicates 1 " in survey.stdout
    assert "1 x user_id: is missing; name it in the row, or give --user-id" in survey.stdout
    assert survey.stdout.endswith("Nothing was sent.\n")
    assert "takes      about 1 s (" in survey.stdout
    assert _memories(run_here, account, "alice") == []

    ended = run_here("import", "rows.jsonl", "--json", env=account)
    assert ended.returncode == 1
    report = json.loads(ended.stdout)
    counts = {name: report[name] for name in ("rows", "accepted", "finished", "skipped", "failed", "pending")}
    assert counts == {"rows": 4, "accepted": 2, "finished": 2, "skipped": 1, "failed": 1, "pending": 0}
    job = report["job"]
    assert _memories(run_here, account, "alice") == ["I cook"]

    repeated = run_here("import", "rows.jsonl", env=account)
    assert f"nothing was left to do; to import it once more, first: modulex-mem0 import undo {job}" in repeated.stderr
    listed = run_here("import", "status", env=account)
    assert job in listed.stdout
    one = run_here("import", "status", job[:5], env=account)
    assert f"failed   1 (modulex-mem0 import failures {job})" in one.stdout

    written = run_here("import", "failures", job, "-o", "failures.jsonl", env=account)
    assert written.stdout.startswith("failures.jsonl: 1 row; correct them")
    printed = json.loads(run_here("import", "failures", job, env=account).stdout)
    assert printed["import_place"] == "line 4"
    again = run_here("import", "failures.jsonl", "--user-id", "carl", env=account)
    assert again.returncode == 0
    assert again.stderr.startswith("begun: import ")
    assert _memories(run_here, account, "carl") == ["Lost"]

    undone = run_here("import", "undo", job, "--yes", env=account)
    assert undone.stdout == f"undone: {job}, 2 memories deleted\n"
    assert _memories(run_here, account, "bob") == []
    assert _memories(run_here, account, "carl") == ["Lost"]


def test_undo_asks_first(run: Run, account: dict[str, str], tmp_path: Path) -> None:
    _write(tmp_path / "rows.jsonl", [_row("I cook")])
    job = json.loads(run("import", "rows.jsonl", "--json", env=account).stdout)["job"]
    refused = run("import", "undo", job, env=account, input="n\n")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert f"import {job} of rows.jsonl: 1 memories of 1 users" in refused.stderr
    assert "Delete them for good? [y/N]" in refused.stderr
    agreed = run("import", "undo", job, env=account, input="y\n")
    assert agreed.stdout == f"undone: {job}, 1 memories deleted\n"


def test_csv_with_a_mapping(run_here: Run, account: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("customer;text\nanna;I sail\n")
    refused = run_here("import", "rows.csv", "--no-infer", env=account)
    assert refused.returncode == 1
    assert "Name one, as in --map content=text --map user_id=customer" in refused.stderr
    ended = run_here(
        "import", "rows.csv", "--no-infer", "--map", "user_id=customer", "--map", "content=text", env=account
    )
    assert ended.returncode == 0
    assert _memories(run_here, account, "anna") == ["I sail"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["missing.jsonl"], 1, "missing.jsonl: no such file"),
        (["rows.jsonl", "--map", "content"], 2, "must be FIELD=COLUMN"),
        (["rows.jsonl", "--user-id", " "], 2, "is blank"),
        (["rows.jsonl", "--delimiter", "--"], 2, "must be one character"),
        (["rows.jsonl", "--rate", "0"], 2, "--rate"),
        (["rows.jsonl", "--format", "xml"], 2, "--format"),
        (["rows.jsonl", "--to", "nowhere"], 2, "nowhere"),
        (["rows.jsonl", "--credential", "a", "--credential-file", "b"], 2, "not both"),
        (["rows.jsonl", "--temporal", "x:1", "--patience", "600"], 2, "--patience has no effect with --temporal"),
        (["rows.jsonl", "--temporal", "x:1", "--concurrency", "4"], 2, "--concurrency has no effect with --temporal"),
        (["status", "abc"], 1, "there is no import 'abc' on this machine"),
        (["failures", "abc"], 1, "there is no import 'abc' on this machine"),
        (["undo", "abc"], 1, "there is no import 'abc' on this machine"),
        (["undo"], 2, "JOB"),
        (["--dry-run"], 2, "FILE"),
    ],
)
def test_command_lines_that_are_refused(  # noqa: PLR0917 - fixtures and the case
    run_here: Run, account: dict[str, str], tmp_path: Path, arguments: list[str], code: int, message: str
) -> None:
    _write(tmp_path / "rows.jsonl", [_row("I cook")])
    ended = run_here("import", *arguments, env=account)
    assert (ended.returncode, ended.stdout) == (code, "")
    assert message in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_credential_that_is_refused_says_what_to_do(run_here: Run, account: dict[str, str], tmp_path: Path) -> None:
    _write(tmp_path / "rows.jsonl", [_row("I cook")])
    wrong = run_here("import", "rows.jsonl", env=account | {"MEM0_API_KEY": "m0-wrong"})
    assert wrong.returncode == 1
    assert "unauthorized" in wrong.stderr
    assert wrong.stderr.endswith("After that, the same command goes on.\n")
    assert "m0-wrong" not in wrong.stderr
    missing = run_here("import", "rows.jsonl", env={"MODULEX_HOME": account["MODULEX_HOME"]})
    assert "export MEM0_API_KEY=" in missing.stderr
    assert run_here("import", "rows.jsonl", env=account).returncode == 0


def test_no_import_was_begun(run_here: Run, account: dict[str, str]) -> None:
    assert run_here("import", "status", env=account).stdout == "No import was begun on this machine.\n"
    assert json.loads(run_here("import", "status", "--json", env=account).stdout) == {"imports": []}


def test_help_lists_options_and_commands(run_here: Run) -> None:
    text = run_here("import", "--help").stdout
    for part in (
        "import FILE [OPTIONS]",
        "import undo [JOB]",
        "--user-id ID",
        "--map FIELD=COLUMN",
        "failures",
        "status",
    ):
        assert part in text
    assert run_here("import").returncode == 2


def test_progress_on_a_terminal(
    run_on_terminal: Run, account: dict[str, str], tmp_path: Path, sandbox: RunningSandbox
) -> None:
    _write(tmp_path / "rows.jsonl", [_row(f"Thing {number}") for number in range(40)])
    sandbox.set_faults({"path": "/v3/memories/add/", "delay": 0.2})
    shown = run_on_terminal("import", str(tmp_path / "rows.jsonl"), columns=120, env=account)
    assert shown.returncode == 0
    assert "begun: import" in shown.stderr
    assert "accepted 40, finished 40, failed 0" in shown.stderr
    assert "left" in shown.stderr


def test_ctrl_c_and_the_same_command_goes_on(
    environment: dict[str, str], account: dict[str, str], tmp_path: Path, sandbox: RunningSandbox, run_here: Run
) -> None:
    path = tmp_path / "rows.jsonl"
    _write(path, [_row(f"Thing {number}") for number in range(30)])
    # The first adds arrive, and the others wait until the interrupt.
    sandbox.set_faults({"path": "/v3/memories/add/", "calls": list(range(6, 100)), "delay": 60})
    command = [sys.executable, "-m", "modulex_mem0.cli", "import", str(path)]
    with subprocess.Popen(
        command, env=environment | account, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        while len(_memories(run_here, account, "alice")) < 5:
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=30)
    assert (process.returncode, output) == (130, "")
    assert "stopped; the same command goes on" in errors
    assert "Traceback" not in errors
    sandbox.set_faults()
    ended = run_here("import", str(path), "--json", env=account)
    assert json.loads(ended.stdout)["accepted"] == 30
    listed = run_here("call", "get_memories", "-p", "user_id=alice", "-p", "limit=200", env=account)
    memories = [memory["memory"] for memory in json.loads(listed.stdout)["memories"]]
    assert sorted(memories) == sorted(f"Thing {number}" for number in range(30))


def test_the_ledger_is_private(run_here: Run, account: dict[str, str], tmp_path: Path) -> None:
    _write(tmp_path / "rows.jsonl", [_row("I cook")])
    run_here("import", "rows.jsonl", env=account)
    (ledger,) = (tmp_path / "home" / "imports").glob("*.db")
    assert os.stat(ledger).st_mode & 0o077 == 0  # noqa: PTH116 - one call for the mode
    assert (tmp_path / "home" / "imports").stat().st_mode & 0o077 == 0
