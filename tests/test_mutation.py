"""What the command that breaks the code makes of mutmut's reports."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutation import Mutant, excuses, judge

DIFF = """\
# modulex_mem0.contract.models.x_advanced__mutmut_3: survived
--- modulex_mem0/contract/models.py
+++ modulex_mem0/contract/models.py
@@ -1,4 +1,4 @@
 def advanced(description):
-    return Field(
-        description)
+    return Field(None)
"""


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("room.models.x_advanced__mutmut_3", "room.models.advanced"),
        ("room.errors.x__blank__mutmut_12", "room.errors._blank"),
        ("room.context.xǁReplyǁobject__mutmut_1", "room.context.Reply.object"),
        ("room.errors.xǁActionErrorǁ__reduce____mutmut_1", "room.errors.ActionError.__reduce__"),
        ("room.x_files.x_x_y__mutmut_1", "room.x_files.x_y"),
    ],
)
def test_a_mutant_is_called_by_the_name_of_its_function(name: str, function: str) -> None:
    assert Mutant.from_diff(name, DIFF) == Mutant(function, "return Field(\ndescription)", "return Field(None)")


def test_a_survivor_is_shown_as_a_change_of_lines() -> None:
    assert str(Mutant("f", "a,\nb", "")) == "f\n-a,\n-b\n+"


def test_survivors_need_an_excuse_and_excuses_need_a_survivor() -> None:
    new, known, gone = (Mutant(name, "a", "b") for name in ("new", "known", "gone"))
    assert judge({new, known}, {known, gone}, whole=True) == ([new], [gone])
    assert judge({new, known}, {known, gone}, whole=False) == ([new], [])


def test_every_excuse_has_a_reason() -> None:
    assert all(reason.strip() for reason in excuses().values())


def test_a_test_keeps_its_id_when_one_process_collects_it_again(tmp_path: Path) -> None:
    (tmp_path / "test_blank.py").write_text(
        "import pytest\n@pytest.mark.parametrize('blank', ['\\n'], ids=repr)\ndef test_blank(blank): pass\n"
    )
    options = ["-q", "--collect-only", "-p", "tests.mutation", "-p", "no:cacheprovider", f"--rootdir={tmp_path}"]
    program = f"import pytest\nfor again in range(3): pytest.main({[*options, str(tmp_path)]})"
    root = Path(__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True)
    ids = [line for line in done.stdout.splitlines() if "::test_blank" in line]
    assert ids == [r"test_blank.py::test_blank['\\n']"] * 3, done.stdout
