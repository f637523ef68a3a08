"""Our own copies of the data that tests compare with."""

import json
from pathlib import Path
from typing import Any

_DATA = Path(__file__).parents[2] / "data"


def data(name: str) -> Any:
    """The content of a JSON file in `tests/data`."""
    return json.loads((_DATA / name).read_text("utf-8"))
