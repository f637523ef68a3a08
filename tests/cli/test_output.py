"""Tables: one line a row where no terminal reads them, wrapped where one does; never a box, a cut, or markup."""

import re
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from modulex_mem0.cli.output import export_lines, table, text_width
from modulex_mem0.contract import AuthScheme, CredentialField

Run = Callable[..., subprocess.CompletedProcess[str]]


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[\d;]*m", "", text)


def test_without_a_terminal_each_row_is_one_line_however_long() -> None:
    description = "word " * 100 + "end"
    header, *rows = plain(table(("NAME", "DESCRIPTION"), [("a", description), ("long-name", "b")])).splitlines()
    assert header == "NAME       DESCRIPTION"
    assert rows == [f"a          {description}", "long-name  b"]


def test_an_empty_cell_is_a_dash_and_no_line_ends_in_spaces() -> None:
    lines = plain(table(("A", "B"), [("", "wide cell"), ("x", "")], margin=3)).splitlines()
    assert lines == ["   A  B", "   -  wide cell", "   x  -"]


def test_cells_are_printed_as_they_are() -> None:
    cell = "[bold]x[/bold] :smile: http://localhost:1 'a' 5 [/]"
    assert plain(table(("A",), [(cell,)])).splitlines() == ["A", cell]


def test_columns_are_aligned_for_characters_of_double_width() -> None:
    lines = plain(table(("NAME", "TEXT"), [("日本", "x"), ("four", "x")])).splitlines()
    assert lines == ["NAME  TEXT", "日本  x", "four  x"]


def test_on_a_terminal_the_last_column_wraps_and_the_header_is_bold(run_on_terminal: Run) -> None:
    shown = run_on_terminal("auth", columns=80).stderr
    assert "\x1b[1mFIELD\x1b[0m" in shown
    lines = plain(shown).splitlines()
    rows = lines[next(number for number, line in enumerate(lines) if line.startswith("FIELD")) :]
    assert rows[1].startswith("api_key   yes       yes     -          MEM0_API_KEY          Mem0 API Key: Your")
    assert rows[2] == " " * 61 + "Mem0 API key from"
    assert max(map(len, rows[: rows.index("")])) <= 80


@pytest.mark.parametrize("columns", [20, 60])
def test_a_narrow_terminal_cuts_nothing_and_breaks_no_name(run_on_terminal: Run, columns: int) -> None:
    shown = plain(run_on_terminal("auth", columns=columns).stderr)
    assert "…" not in shown.replace("https://…", "")
    for word in ("ENVIRONMENT VARIABLE", "MEM0_API_KEY", "MEM0_BASE_URL"):
        assert word in shown


@pytest.mark.parametrize("command", ["auth", "integrations"])
def test_no_color_means_no_control_sequences(run_on_terminal: Run, command: str) -> None:
    ended = run_on_terminal(command, columns=100, env={"NO_COLOR": "1"})
    assert ended.returncode == 0
    assert "\x1b" not in ended.stderr
    assert "mem0" in ended.stderr


@pytest.mark.parametrize("env", [{}, {"COLUMNS": "40"}, {"FORCE_COLOR": "1"}, {"TERM": "dumb"}], ids=str)
def test_piped_tables_are_plain_whatever_the_environment(run: Run, env: dict[str, str]) -> None:
    ended = run("auth", env=env)
    assert "\x1b" not in ended.stdout
    rows = [line for line in ended.stdout.partition("In a shell")[0].splitlines() if "MEM0_" in line]
    assert [row.split()[0] for row in rows] == ["api_key", "base_url"]
    assert rows[1].endswith("(default: https://api.mem0.ai)")


def test_text_is_neither_very_narrow_nor_very_wide(monkeypatch: pytest.MonkeyPatch) -> None:
    for columns, width in (("20", 60), ("90", 90), ("300", 120)):
        monkeypatch.setenv("COLUMNS", columns)
        assert text_width() == width


def test_lines_to_copy_are_quoted_and_leave_out_what_no_call_needs() -> None:
    def field(name: str, **rest: Any) -> CredentialField:
        return CredentialField(
            name=name, display_name=f"The {name}", description="Any.", environment_variable=name.upper(), **rest
        )

    fields = (
        field("key", sensitive=True),
        field("site", format="you.example"),
        field("app", application=True),
        field("note", required=False, default="it's"),
    )
    scheme = AuthScheme(
        type="custom", display_name="Keys", description="Keys.", fields=fields, headers={"X-Key": "{key} {site}"}
    )
    assert list(export_lines(scheme)) == [
        "export KEY='<The key>'",
        "export SITE='<you.example>'",
        """# optional: export NOTE='it'"'"'s'""",
    ]
