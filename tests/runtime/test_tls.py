"""Certificates are checked."""

import shutil
import ssl
import subprocess
from pathlib import Path

import pytest
from calls import call, failure
from scripted_server import ScriptedServer
from steps import json_reply

from modulex_mem0.contract import ErrorCode
from modulex_mem0.runtime import Runtime

OPENSSL = shutil.which("openssl")
pytestmark = pytest.mark.skipif(OPENSSL is None, reason="no openssl command to make a certificate with")


def _certificate(folder: Path, name: str) -> tuple[Path, Path]:
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    request = f"req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN={name}"
    subprocess.run(
        [str(OPENSSL), *request.split(), "-addext", f"subjectAltName={name}", "-keyout", str(key), "-out", certificate],
        check=True,
        capture_output=True,
    )
    return certificate, key


@pytest.fixture(scope="module")
def right_name(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return _certificate(tmp_path_factory.mktemp("tls"), "IP:127.0.0.1")


@pytest.fixture(scope="module")
def wrong_name(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return _certificate(tmp_path_factory.mktemp("tls"), "DNS:other.invalid")


def _serving(certificate: tuple[Path, Path]) -> ScriptedServer:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return ScriptedServer(tls=context)


@pytest.mark.parametrize("action", ["fetch", "change"])
async def test_a_certificate_that_nobody_signed_is_refused(
    runtime: Runtime, right_name: tuple[Path, Path], action: str
) -> None:
    with _serving(right_name) as server:
        server.script(json_reply({}))
        error = failure(await call(runtime, action, server=server))
        assert server.requests == []
    assert error.code is ErrorCode.CONNECTION_FAILED
    assert "certificate" in error.message.lower()


async def test_a_certificate_for_another_name_is_refused(
    runtime: Runtime, wrong_name: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(wrong_name[0]))
    with _serving(wrong_name) as server:
        server.script(json_reply({}))
        error = failure(await call(runtime, "change", server=server))
        assert server.requests == []
    assert error.code is ErrorCode.CONNECTION_FAILED


async def test_a_certificate_that_the_operator_trusts_is_accepted(
    runtime: Runtime, right_name: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(right_name[0]))
    with _serving(right_name) as server:
        server.script(json_reply({"a": 1}))
        assert (await call(runtime, "change", server=server)).output["value"] == {"a": 1}
