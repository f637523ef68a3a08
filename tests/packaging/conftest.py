"""The built wheel, once for the session."""

from pathlib import Path

import pytest

from tests.packaging.test_wheel import build


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("wheel", tmp_path_factory.mktemp("wheel"))
