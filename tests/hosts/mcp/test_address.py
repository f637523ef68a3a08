"""The address that the HTTP server listens on, and whether only this machine can reach it."""

import pytest

pytest.importorskip("mcp", reason="the MCP SDK is not installed (extra mcp)")

from modulex_mem0.hosts.mcp import Address


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.9.10", "[::1]"])
def test_a_loopback_address_is_reached_by_this_machine_alone(host: str) -> None:
    address = Address.parse(f"{host}:8000")
    assert address.is_loopback
    assert address.authority == f"{host}:8000"


@pytest.mark.parametrize("host", ["[::]", "0.0.0.1", "192.168.0.1", "example.org", "localhost.example.org"])
def test_any_other_address_may_be_reached_by_others(host: str) -> None:
    assert not Address.parse(f"{host}:8000").is_loopback


@pytest.mark.parametrize("host", ["memory..example", f"{'a' * 64}.example"])
def test_a_name_that_no_look_up_takes_is_refused(host: str) -> None:
    with pytest.raises(ValueError, match="is not of the form HOST:PORT"):
        Address.parse(f"{host}:8000")
