"""The cases of a target, which are JSON: a line of a file for each, and a file of its own for each for libFuzzer."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

__all__ = ["CORPUS", "SEEDS", "encode", "read_case", "read_cases", "spread", "write_cases"]

_HERE = Path(__file__).parent
#: Written by people: what the API documents, and what was found.
SEEDS = _HERE / "seeds"
#: Written by the command: what reached code that no other case reaches.
CORPUS = _HERE / "corpus"


def read_case(data: bytes) -> Any:
    """The value of a case.

    Raises:
        ValueError: It is no JSON, which libFuzzer tries too.
    """
    try:
        return json.loads(data)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def encode(case: Any) -> bytes:
    """A case as bytes, on one line of ASCII."""
    return json.dumps(case, ensure_ascii=True).encode()


def read_cases(folder: Path, target: str) -> list[bytes]:
    """The cases of a target that a folder keeps."""
    path = folder / f"{target}.jsonl"
    return path.read_bytes().splitlines() if path.exists() else []


def write_cases(folder: Path, target: str, cases: Iterable[bytes]) -> None:
    """Keep cases, the shortest first, so that a change of the file shows what came and went."""
    ordered = sorted(set(cases), key=lambda case: (len(case), case))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{target}.jsonl").write_bytes(b"".join(case + b"\n" for case in ordered))


def spread(cases: Iterable[bytes], folder: Path) -> None:
    """Write each case to a file of its own, named as libFuzzer names it."""
    folder.mkdir(parents=True, exist_ok=True)
    for case in cases:
        (folder / hashlib.sha1(case, usedforsecurity=False).hexdigest()).write_bytes(case)
