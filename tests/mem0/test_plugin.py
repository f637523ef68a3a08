"""The entry point: the integration is the same with its recorded manifest and without it."""

from pathlib import Path

import pytest

from modulex_mem0.mem0 import plugin


def test_where_the_recorded_manifest_is_missing_it_is_derived(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # As in a copy of the package alone.
    (recorded,) = plugin.modulex_integrations()
    expected = recorded.manifest
    monkeypatch.setattr(plugin, "_RECORDED", (tmp_path / "mem0.json",))
    (derived,) = plugin.modulex_integrations()
    assert derived.manifest == expected
