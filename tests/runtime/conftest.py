"""Fixtures of the runtime's tests: a runtime for a whole module, and an authority for certificates."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from modulex_mem0.runtime import Runtime
from tests.helpers.tiny_integration import plugin


@pytest.fixture(scope="module")
def shared() -> Iterator[Runtime]:
    """One runtime for all the tests of a module, such as the many examples of a property."""
    with Runtime(plugins=[plugin()]) as runtime:
        yield runtime


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """A certificate authority that is not trusted."""
    return trustme.CA()


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """The same authority, trusted by the operator."""
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    return authority
