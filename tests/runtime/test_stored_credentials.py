"""Stored credentials: private and encrypted, used by name, and never lost to a killed process or a second writer."""

import errno
import json
import os
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from filelock import FileLock
from pydantic import SecretStr

from modulex_mem0.contract import ActionError, ErrorCode
from modulex_mem0.runtime import (
    CredentialStoreError,
    Runtime,
    StoredCredentials,
    UnknownCredentialError,
    data_directory,
)
from tests.helpers.scripted_server import ScriptedServer
from tests.helpers.steps import json_reply
from tests.helpers.tiny_integration import KEY, plugin, profile

OTHER_KEY = "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI="
SECRET = {"api_key": KEY}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MODULEX_HOME", str(tmp_path / "modulex"))
    monkeypatch.setenv("MODULEX_KEYRING", "off")
    monkeypatch.delenv("MODULEX_KEY", raising=False)
    return tmp_path / "modulex"


@pytest.fixture
def store(home: Path) -> StoredCredentials:
    return StoredCredentials()


def test_what_is_stored_is_private_encrypted_and_described_without_its_values(
    store: StoredCredentials, home: Path
) -> None:
    saved = store.save(profile(), "work", {"TINY_API_KEY": f" {KEY} "}, default=True)
    assert (saved.name, saved.integration, saved.scheme, saved.fields) == ("work", "tiny", "api_key", ("api_key",))
    assert (saved.default, saved.tested_at) == (True, None)
    assert StoredCredentials().list() == [saved]
    assert StoredCredentials().values("work", "tiny") == {"api_key": SecretStr(KEY)}
    files = [path for path in home.iterdir() if path.is_file()]
    assert {path.name for path in files} >= {"credentials.json", "credentials.key"}
    for path in files:
        # Windows has no such bits: the folder is the user's own there.
        assert os.name == "nt" or stat.S_IMODE(path.stat().st_mode) == 0o600, path
        assert KEY not in path.read_text()
    assert KEY not in repr(store) + repr(store.list()) + repr(store.values("work", "tiny"))


def test_without_a_folder_of_its_own_it_is_in_the_users_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("APPDATA", "MODULEX_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert data_directory() == tmp_path / ".config" / "modulex"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "configuration"))
    assert data_directory() == tmp_path / "configuration" / "modulex"


async def test_without_a_home_directory_a_named_credential_ends_the_call_with_a_result(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODULEX_HOME", "~no-such-user/modulex")
    async with Runtime(plugins=[plugin()]) as runtime:
        result = await runtime.call("tiny", "fetch", {}, credential="work")
    assert result.output["error"].endswith("no home directory can be found; set MODULEX_HOME to a folder")


def test_one_is_default_for_each_integration_and_a_replaced_one_keeps_the_mark(store: StoredCredentials) -> None:
    store.save(profile(), "one", SECRET, default=True)
    store.save(profile("other"), "else", SECRET, default=True)
    store.save(profile(), "two", SECRET)
    assert (store.default_for("tiny"), store.default_for("other"), store.default_for("none")) == ("one", "else", None)
    store.save(profile(), "two", SECRET, default=True)
    store.save(profile(), "two", SECRET)
    assert [(c.name, c.default) for c in store.list()] == [("else", True), ("one", False), ("two", True)]
    store.remove("two")
    assert store.default_for("tiny") is None


@pytest.mark.parametrize("name", ["", "a b", "../x", "x" * 65, "-x", f"{KEY}\n"])
def test_a_name_that_cannot_be_one_is_refused_and_not_echoed(store: StoredCredentials, name: str) -> None:
    with pytest.raises(ActionError, match="name: must be") as caught:
        store.save(profile(), name, SECRET)
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    "values", [{}, {"api_key": " "}, {"api_key": KEY, "base_url": "http://evil.example"}, {"key": KEY}]
)
def test_values_that_no_call_could_use_are_refused_and_what_was_stored_stays(
    store: StoredCredentials, values: dict[str, str]
) -> None:
    store.save(profile(), "work", SECRET)
    with pytest.raises(ActionError) as caught:
        store.save(profile(), "work", values)
    assert KEY not in str(caught.value)
    assert store.values("work", "tiny") == {"api_key": SecretStr(KEY)}


def test_a_name_of_another_integration_is_not_overwritten(store: StoredCredentials) -> None:
    store.save(profile(), "work", SECRET)
    with pytest.raises(CredentialStoreError, match="taken by a credential of tiny"):
        store.save(profile("other"), "work", SECRET)


def test_an_integration_that_needs_no_credential_has_none_to_store(store: StoredCredentials) -> None:
    with pytest.raises(ActionError, match="Tiny needs no credential") as caught:
        store.save(profile(auth_schemes=()), "work", SECRET)
    assert caught.value.code is ErrorCode.UNSUPPORTED
    assert store.list() == []


def test_a_stored_credential_can_be_looked_into(store: StoredCredentials) -> None:
    credential = store.credential("work", "tiny")
    store.save(profile(), "work", SECRET)
    assert (len(credential), dict(credential)) == (1, {"api_key": SecretStr(KEY)})
    assert KEY not in repr(credential)


async def test_a_call_takes_a_stored_credential_by_name(store: StoredCredentials, server: ScriptedServer) -> None:
    server.script(json_reply({"status": "ok"}))
    store.save(profile(), "work", SECRET | {"base_url": server.url})
    async with Runtime(plugins=[plugin()]) as runtime:
        assert (await runtime.test_credential("tiny", credential="work")).success
        assert (await runtime.call("tiny", "fetch", {}, credential="work")).success
        assert runtime.call_sync("tiny", "fetch", {}, credential="work").success
        # A change is seen by the next call.
        store.save(profile(), "work", {"api_key": "tk-another-key-0123", "base_url": server.url})
        assert (await runtime.call("tiny", "fetch", {}, credential="work")).success
    keys = [request.headers["x-tiny-key"] for request in server.requests]
    assert keys == [KEY, KEY, KEY, "tk-another-key-0123"]


async def test_an_integration_is_bound_to_a_stored_credential_by_name(
    store: StoredCredentials, server: ScriptedServer
) -> None:
    server.script(json_reply({}))
    async with Runtime(plugins=[plugin()]) as runtime:
        # It is looked for when it is needed.
        bound = runtime.bind("tiny", credential="work")
        early = await bound.call("fetch", {})
        store.save(profile(), "work", SECRET | {"base_url": server.url})
        assert (await bound.call("fetch", {})).success
        assert bound.call_sync("fetch", {}).success
        foreign = await runtime.bind("tiny", credential=KEY).call("fetch", {})
    assert early.output["error"].startswith("missing_credential: credential: no credential of that name is stored")
    assert KEY not in f"{foreign}{bound}"
    assert [request.headers["x-tiny-key"] for request in server.requests] == [KEY, KEY]


async def test_a_name_that_is_not_stored_ends_a_call_with_a_result(
    store: StoredCredentials, server: ScriptedServer
) -> None:
    store.save(profile("other"), "theirs", SECRET)
    async with Runtime(plugins=[plugin()]) as runtime:
        unknown = await runtime.call("tiny", "fetch", {}, credential=KEY)
        foreign = await runtime.call("tiny", "fetch", {}, credential="theirs")
        tested = await runtime.test_credential("tiny", credential="wrk")
    assert unknown.output["error"].startswith("missing_credential: credential: no credential of that name is stored")
    assert KEY not in unknown.output["error"]
    assert "belongs to other" in foreign.output["error"]
    assert tested.output["success"] is False
    assert server.requests == []


def test_the_key_comes_from_the_environment_first(
    store: StoredCredentials, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The alphabet that `openssl rand -base64 32` writes.
    monkeypatch.setenv("MODULEX_KEY", "+/" + OTHER_KEY[2:])
    store.save(profile(), "work", SECRET)
    assert not (home / "credentials.key").exists()
    assert store.values("work", "tiny")
    monkeypatch.delenv("MODULEX_KEY")
    with pytest.raises(CredentialStoreError, match="the environment variable MODULEX_KEY"):
        StoredCredentials().list()
    monkeypatch.setenv("MODULEX_KEY", "too short")
    with pytest.raises(CredentialStoreError, match="MODULEX_KEY must be 32 random bytes in base64"):
        StoredCredentials().list()


@pytest.fixture
def entries(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """The entries of a keyring that the system has, by user name."""
    keyring = pytest.importorskip("keyring", reason="keyring is not installed")
    kept: dict[str, str] = {}

    class Backend(keyring.backend.KeyringBackend):  # type: ignore[misc, name-defined]
        priority = 5

        def get_password(self, service: str, username: str) -> str | None:
            return kept.get(username)

        def set_password(self, service: str, username: str, password: str) -> None:
            kept[username] = password

    monkeypatch.setenv("MODULEX_KEYRING", "on")
    before = keyring.get_keyring()
    keyring.set_keyring(Backend())
    yield kept
    keyring.set_keyring(before)


def test_the_systems_keyring_holds_the_key_where_there_is_one(
    store: StoredCredentials, home: Path, entries: dict[str, str]
) -> None:
    store.save(profile(), "work", SECRET)
    assert len(entries) == 1
    assert not (home / "credentials.key").exists()
    assert StoredCredentials().values("work", "tiny") == {"api_key": SecretStr(KEY)}
    entries.clear()
    with pytest.raises(CredentialStoreError, match="in the system's keyring; unlock or restore"):
        StoredCredentials().list()


@pytest.mark.parametrize("fault", ["keeps nothing", "locked", "not installed"])
def test_a_file_holds_the_key_where_the_keyring_does_not_work(
    store: StoredCredentials, home: Path, entries: dict[str, str], monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    keyring: Any = pytest.importorskip("keyring")

    def locked(*_arguments: str) -> None:
        raise keyring.errors.KeyringLocked

    backend = keyring.get_keyring()
    if fault == "not installed":
        monkeypatch.setitem(sys.modules, "keyring", None)
    else:
        monkeypatch.setattr(backend, "set_password", locked if fault == "locked" else lambda *_: None)
    if fault == "locked":
        monkeypatch.setattr(backend, "get_password", locked)
    store.save(profile(), "work", SECRET)
    assert (home / "credentials.key").exists()
    assert entries == {}
    assert StoredCredentials().values("work", "tiny") == {"api_key": SecretStr(KEY)}


@pytest.mark.parametrize(("content", "reason"), [(None, os.strerror(errno.EISDIR)), (b"\xff", "it holds no key")])
def test_a_key_file_that_cannot_be_read_is_one_line(
    store: StoredCredentials, home: Path, content: bytes | None, reason: str
) -> None:
    store.save(profile(), "work", SECRET)
    key = home / "credentials.key"
    key.unlink()
    if content is None:
        key.mkdir()
    else:
        key.write_bytes(content)
    with pytest.raises(CredentialStoreError) as caught:
        StoredCredentials().list()
    assert str(caught.value) == f"cannot read {key}: {reason}"


def _damages() -> Iterator[tuple[str, bytes]]:
    yield "empty", b""
    yield "text", b"not JSON"
    yield "another", b'{"some": "file"}'
    yield "nested", b"[" * 100_000
    yield "half of a character", b'{"key_id": "a", "key": "file", "credentials": "\\ud800"}'


@pytest.mark.parametrize("content", [content for _, content in _damages()], ids=[name for name, _ in _damages()])
def test_a_damaged_file_is_one_line_and_is_left_as_it_is(store: StoredCredentials, content: bytes) -> None:
    store.save(profile(), "work", SECRET)
    store.path.write_bytes(content)
    for use in (store.list, lambda: store.save(profile(), "new", SECRET), lambda: store.remove("work")):
        with pytest.raises(CredentialStoreError, match=r"is damaged \(.*restore it from a backup") as caught:
            use()
        assert "\n" not in str(caught.value)
    assert store.path.read_bytes() == content


def test_a_key_that_no_place_could_have_is_missing(store: StoredCredentials) -> None:
    store.save(profile(), "work", SECRET)
    written = json.loads(store.path.read_bytes())
    store.path.write_text(json.dumps(written | {"key": ["file"], "key_id": "another"}))
    with pytest.raises(CredentialStoreError, match=r"the key of .* is missing"):
        StoredCredentials().list()


def test_a_file_that_holds_something_else_than_credentials_is_damaged(store: StoredCredentials, home: Path) -> None:
    store.save(profile(), "work", SECRET)
    key = (home / "credentials.key").read_bytes()
    written = json.loads(store.path.read_bytes())
    # As another program with the same key might write it.
    store.path.write_text(json.dumps(written | {"credentials": Fernet(key).encrypt(b"[]").decode()}))
    with pytest.raises(CredentialStoreError, match=r"is damaged \(it holds no credentials\)"):
        store.list()


def test_a_file_that_cannot_be_read_is_one_line(store: StoredCredentials) -> None:
    store.path.mkdir(parents=True)
    with pytest.raises(CredentialStoreError) as caught:
        store.list()
    assert str(caught.value) == f"cannot read {store.path}: {os.strerror(errno.EISDIR)}"


def test_a_changed_token_and_a_lost_key_lose_nothing(store: StoredCredentials, home: Path) -> None:
    store.save(profile(), "work", SECRET)
    whole = store.path.read_bytes()
    changed = json.loads(whole)
    changed["credentials"] = changed["credentials"][:-9] + "AAAAAAAA="
    store.path.write_text(json.dumps(changed))
    with pytest.raises(CredentialStoreError, match="its content was changed"):
        store.save(profile(), "new", SECRET)
    store.path.write_bytes(whole)
    key = (home / "credentials.key").read_bytes()
    (home / "credentials.key").unlink()
    # The process that wrote it remembers the key, and must not write what nobody else could read.
    for one in (store, StoredCredentials()):
        with pytest.raises(CredentialStoreError, match=r"the key of .* is missing"):
            one.save(profile(), "new", SECRET)
    assert store.path.read_bytes() == whole
    (home / "credentials.key").write_bytes(key)
    assert StoredCredentials().values("work", "tiny") == {"api_key": SecretStr(KEY)}


def test_a_directory_that_cannot_be_written(store: StoredCredentials, home: Path) -> None:
    home.parent.mkdir(exist_ok=True)
    home.write_text("a file where the directory should be")
    with pytest.raises(CredentialStoreError, match="cannot write") as caught:
        store.save(profile(), "work", SECRET)
    assert "what was stored is unchanged" in str(caught.value)


def test_a_full_disk_leaves_what_was_stored(store: StoredCredentials, home: Path) -> None:
    resource = pytest.importorskip("resource", reason="this system has no limits")
    store.save(profile(), "old", SECRET)
    files = {path: path.read_bytes() for path in home.iterdir()}
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    # No file may grow beyond this, which is like a disk that has no more room.
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        with pytest.raises(CredentialStoreError, match=r"cannot write .*; what was stored is unchanged"):
            store.save(profile(), "new", SECRET)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    # Nothing half-written is left beside it.
    assert {path: path.read_bytes() for path in home.iterdir()} == files
    assert [credential.name for credential in store.list()] == ["old"]


def test_a_lock_that_another_process_keeps_ends_the_wait(
    store: StoredCredentials, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.save(profile(), "work", SECRET)
    monkeypatch.setattr("modulex_mem0.runtime.stored_credentials._LOCK_TIMEOUT", 0.05)
    with (
        FileLock(home / "credentials.lock"),
        pytest.raises(
            CredentialStoreError, match=r"another process has held .*credentials\.lock for 0\.05 s; try again"
        ),
    ):
        store.remove("work")
    # Reading takes no lock, and the next one may write again.
    assert [credential.name for credential in store.list()] == ["work"]
    store.remove("work")


_WRITER = """
import sys
from modulex_mem0.runtime import StoredCredentials
from tests.helpers.tiny_integration import profile
store = StoredCredentials()
mine, count = sys.argv[1], int(sys.argv[2])
print("ready", flush=True)
for number in range(count):
    store.save(profile(), f"{mine}-{number % 20}", {"api_key": f"tk-{mine}-{number:08}" + "x" * 2000})
    print(number, flush=True)
"""


def _writer(name: str, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _WRITER, name, str(count)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )


def test_two_processes_that_save_at_once_lose_nothing_of_each_other(store: StoredCredentials) -> None:
    writers = [_writer(name, 20) for name in ("one", "two")]
    for writer in writers:
        with writer:
            writer.communicate(timeout=60)
            assert writer.returncode == 0
    assert [c.name for c in store.list()] == sorted(f"{name}-{n}" for name in ("one", "two") for n in range(20))


def test_a_process_that_is_killed_while_it_saves_loses_neither_the_old_nor_the_new(store: StoredCredentials) -> None:
    store.save(profile(), "old", SECRET)
    for pause in (0.0, 0.004, 0.009, 0.013):
        with _writer("new", 100_000) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "ready\n"
            done = writer.stdout.readline()
            # Somewhere else in the middle of a save each time.
            time.sleep(pause)
            writer.kill()
            rest = writer.stdout.read().splitlines()
        number = int((rest or [done])[-1])
        values = StoredCredentials().values(f"new-{number % 20}", "tiny")
        assert int(values["api_key"].get_secret_value()[7:15]) == number
        assert StoredCredentials().values("old", "tiny") == {"api_key": SecretStr(KEY)}
        # What it left behind is no obstacle.
        store.save(profile(), "after", SECRET)
        assert sorted(p.name for p in store.directory.iterdir()) == [
            "credentials.json", "credentials.key", "credentials.lock",
        ]  # fmt: skip


def test_the_test_of_a_credential_is_recorded(store: StoredCredentials) -> None:
    store.save(profile(), "work", SECRET)
    store.record_test("work", passed=False)
    described = store.describe("work")
    assert described.tested_at is not None
    assert described.test_passed is False
    # Another key has not been tested yet.
    assert store.save(profile(), "work", SECRET).tested_at is None
    with pytest.raises(UnknownCredentialError):
        store.record_test("other", passed=True)


@pytest.mark.parametrize("package", ["cryptography", "filelock"])
async def test_without_the_extra_it_is_one_line_that_says_what_to_install(
    store: StoredCredentials, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    store.save(profile(), "work", SECRET)
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(CredentialStoreError, match=rf"need {package}; install it with: pip install"):
        store.save(profile(), "work", SECRET)
