"""Completion in a shell: what bash itself puts into the line, and what the other shells are given."""

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path

import pytest

BASH = shutil.which("bash")
pytestmark = pytest.mark.skipif(BASH is None, reason="there is no bash on this machine")

Complete = Callable[..., list[str]]
PROGRAM = Path(sys.executable).parent / "modulex-mem0"


@pytest.fixture(scope="module")
def script() -> str:
    """What a user evaluates in `.bashrc`."""
    return subprocess.run(
        [PROGRAM],
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | {"_MODULEX_MEM0_COMPLETE": "bash_source"},
    ).stdout


@pytest.fixture
def complete(environment: dict[str, str], script: str, tmp_path: Path) -> Complete:
    """Have bash call the function that `complete -p` names, as it does when Tab is pressed; returns its replies."""

    def replies(line: str, word: str | None = None, env: dict[str, str] | None = None) -> list[str]:
        # Bash gives the function the part of the word after the last of its word breaks.
        part = re.split(r"[\s=@]", line)[-1] if word is None else word
        program = (
            'eval "$SCRIPT"\n'
            "function=$(complete -p modulex-mem0 | sed 's/.*-F \\([^ ]*\\) .*/\\1/')\n"
            "COMP_LINE=$LINE COMP_POINT=${#LINE}\n"
            '$function modulex-mem0 "$PART" previous\n'
            '((${#COMPREPLY[@]})) && printf "%s\\n" "${COMPREPLY[@]}"; true\n'
        )
        ended = subprocess.run(
            [BASH or "bash", "--norc", "-c", program],
            check=True,
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=environment
            | (env or {})
            | {"SCRIPT": script, "LINE": line, "PART": part, "PATH": f"{PROGRAM.parent}:{os.environ['PATH']}"},
            timeout=60,
        )
        assert ended.stderr == ""
        return ended.stdout.splitlines()

    return replies


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("modulex-mem0 ac", ["actions"]),
        ("modulex-mem0 --ver", ["--version"]),
        ("modulex-mem0 call add", ["add_memories"]),
        ("modulex-mem0 actions search", ["search_memories"]),
        ("modulex-mem0 call --inp", ["--input"]),
        ("modulex-mem0 call --integration m", ["mem0"]),
        ("modulex-mem0 auth m", ["mem0"]),
        ("modulex-mem0 check m", ["mem0"]),
        ("modulex-mem0 call add_memories -p me", ["messages=", "metadata="]),
        ("modulex-mem0 call -p user_id=alice add_mem", ["add_memories"]),
        ("modulex-mem0 call add_memories -p user_id=alice -p user", []),
        ("modulex-mem0 call add_memories -p 'custom notes=x' -p infer=", ["true", "false"]),
        ("modulex-mem0 call add_memories -p infer=f", ["false"]),
        ("modulex-mem0 call submit_feedback -p feedback=VERY", ["VERY_NEGATIVE"]),
        ("modulex-mem0 call add_memories -p user_id=", []),
        ("modulex-mem0 call nothing_like_it -p ", []),
        ("modulex-mem0 nothing-like-it a", []),
        ("modulex-mem0 call --integration nothing a", []),
    ],
)
def test_bash_completes_commands_actions_parameters_and_values(complete: Complete, line: str, words: list[str]) -> None:
    assert complete(line) == words


def test_every_parameter_of_an_action_is_offered(complete: Complete) -> None:
    names = complete("modulex-mem0 call search_memories -p ")
    assert {"user_id=", "query=", "limit=", "threshold="} <= set(names)


def test_files_are_offered_after_an_at_sign(complete: Complete, tmp_path: Path) -> None:
    (tmp_path / "talks").mkdir()
    (tmp_path / "talks" / "one two.json").touch()
    assert complete("modulex-mem0 call add_memories -p messages=@ta") == ["talks"]
    assert complete("modulex-mem0 call add_memories -p messages=@talks/o") == ["talks/one two.json"]
    assert complete("modulex-mem0 call add_memories --input @talks/o") == ["talks/one two.json"]
    assert complete("modulex-mem0 call add_memories --input @nowhere/o") == []


def test_in_quotes_the_whole_word_is_replaced(complete: Complete) -> None:
    assert complete("modulex-mem0 call add_memories -p 'infer=t", "infer=t") == ["infer=true"]


def test_someone_elses_integration_is_completed_too(complete: Complete, echo: dict[str, str]) -> None:
    assert complete("modulex-mem0 call --integration e", env=echo) == ["echo"]
    assert complete("modulex-mem0 call --integration echo ", env=echo) == ["echo", "wait"]
    assert complete("modulex-mem0 call --integration echo echo -p mode=", env=echo) == ["fast", "slow"]


def test_a_plugin_that_prints_puts_nothing_into_the_line(
    complete: Complete, install: Callable[[str, str], dict[str, str]]
) -> None:
    env = install("loud", "import os\nprint('plain,loud', flush=True)\nos.write(1, b'plain,loud\\n')\n")
    assert complete("modulex-mem0 auth ", env=env) == ["mem0"]


def test_in_an_interactive_bash_tab_fills_the_line_without_a_space_after_the_equals_sign(
    environment: dict[str, str], script: str, tmp_path: Path
) -> None:
    (tmp_path / "conversation.json").touch()
    settings = {"PS1": "ready> ", "TERM": "dumb", "PATH": f"{PROGRAM.parent}:{os.environ['PATH']}"}
    ours, theirs = pty.openpty()
    # Wide enough for the line: a narrow one is scrolled sideways.
    termios.tcsetwinsize(theirs, (50, 300))
    (tmp_path / "rc").write_text(f"{script}\nbind 'set enable-bracketed-paste off'\nPS1='ready> '\n")
    with subprocess.Popen(
        [BASH or "bash", "--noprofile", "--rcfile", tmp_path / "rc", "-i"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=tmp_path,
        env=environment | settings,
        start_new_session=True,
    ) as shell:
        os.close(theirs)
        try:
            _read_until(ours, "ready> ")
            os.write(ours, b"modulex-mem0 call add_m\t")
            _read_until(ours, "call add_memories ")
            os.write(ours, b"-p user\t")
            _read_until(ours, "-p user_id=")
            os.write(ours, b"alice -p mess\t")
            # A space before the next word would be a second argument.
            _read_until(ours, "alice -p messages=")
            os.write(ours, b"@conv\t")
            _read_until(ours, "@conversation.json ")
        finally:
            shell.kill()
            os.close(ours)


def _read_until(terminal: int, text: str) -> None:
    written, deadline = "", time.monotonic() + 30
    while not written.replace("\x07", "").endswith(text):
        readable, _, _ = select.select([terminal], [], [], max(0.0, deadline - time.monotonic()))
        assert readable, written
        written += os.read(terminal, 4096).decode()


@pytest.mark.parametrize(
    ("shell", "answer"), [("zsh", "plain\nmessages=\n"), ("fish", "plain,messages=")], ids=["zsh", "fish"]
)
def test_other_shells_are_given_the_same_words(environment: dict[str, str], shell: str, answer: str) -> None:
    line = "modulex-mem0 call add_memories -p mes"
    word = {"zsh": "4", "fish": "mes"}[shell]
    ended = subprocess.run(
        [PROGRAM],
        check=True,
        capture_output=True,
        text=True,
        env=environment | {"_MODULEX_MEM0_COMPLETE": f"{shell}_complete", "COMP_WORDS": line, "COMP_CWORD": word},
    )
    assert ended.stdout.startswith(answer)


def test_completing_imports_no_actions_and_no_http(environment: dict[str, str]) -> None:
    program = (
        "import atexit, sys\n"
        "atexit.register(lambda: sys.stderr.write(' '.join(sys.modules)))\n"
        "from modulex_mem0.cli import main\n"
        "main()\n"
    )
    line = {"COMP_WORDS": "modulex-mem0 call add_memories -p mes", "COMP_WORD": "mes"}
    ended = subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        capture_output=True,
        text=True,
        env=environment | line | {"_MODULEX_MEM0_COMPLETE": "bash_complete"},
    )
    assert ended.stdout == "open,messages=\n"
    modules = set(ended.stderr.split())
    assert "modulex_mem0.mem0.plugin" in modules
    assert not {"modulex_mem0.mem0.actions", "modulex_mem0.runtime.runtime", "httpx", "pyreqwest", "asyncio"} & modules
