"""Credentials that are stored under a name, so that flows and histories carry the name and never a key.

They are in one file, encrypted with Fernet. The file is replaced as a whole, so that neither a killed process nor a
full disk leaves half of it, and it is changed under a lock, so that two processes do not overwrite each other's work.
"""

import contextlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from modulex_mem0.contract import ActionError, ErrorCode, Profile
from modulex_mem0.runtime.credentials import (
    CredentialMapping,
    HiddenDict,
    hide_credential,
    resolve_credential,
)
from modulex_mem0.runtime.encryption_key import (
    CredentialStoreError,
    EncryptionKeys,
    extra_required,
    fernet,
    replace_file,
)
from modulex_mem0.runtime.errors import did_you_mean

__all__ = [
    "CredentialConflictError",
    "CredentialStoreError",
    "StoredCredential",
    "StoredCredentials",
    "UnknownCredentialError",
    "data_directory",
    "prepare_credential",
]

_LOCK_TIMEOUT = 10.0
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class UnknownCredentialError(CredentialStoreError, LookupError):
    """No credential of that name is stored. The name is not in the message: somebody may have pasted a key."""


class CredentialConflictError(CredentialStoreError):
    """The name is taken by a credential of another integration."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCredential:
    """What is shown of a stored credential: everything but its values.

    Attributes:
        name: What calls name it by.
        integration: The integration that it belongs to; no other may use it.
        scheme: The type of the authentication scheme that it satisfies, such as `api_key`.
        fields: The names of the fields that are stored.
        default: Whether hosts use it for calls that name no credential.
        saved_at: When it was saved, ISO 8601, UTC; None if it is not stored.
        tested_at: When it was last tested; None if it has not been since it was saved.
        test_passed: Whether the service accepted it then.
    """

    name: str
    integration: str
    scheme: str | None
    fields: tuple[str, ...]
    default: bool = False
    saved_at: str | None
    tested_at: str | None = None
    test_passed: bool | None = None

    def as_json(self) -> dict[str, Any]:
        """The same as JSON-ready data."""
        return asdict(self) | {"fields": list(self.fields)}


def data_directory() -> Path:
    """Where credentials and the server's runs are kept: `MODULEX_HOME`, else `modulex` in the user's configuration.

    Raises:
        CredentialStoreError: The user has no home directory, as in some containers, and no variable names a folder.
    """
    home = os.environ.get("MODULEX_HOME")
    configuration = os.environ.get("XDG_CONFIG_HOME") or os.environ.get("APPDATA")
    try:
        if home:
            return Path(home).expanduser()
        return (Path(configuration) if configuration else Path.home() / ".config") / "modulex"
    except RuntimeError:
        raise CredentialStoreError("no home directory can be found; set MODULEX_HOME to a folder") from None


class StoredCredentials:
    """The stored credentials of this user. Any number of processes and threads may use them at once.

    Reading looks at the file each time, and decrypts it only if it has changed.

    Args:
        directory: Where they are kept; by default `data_directory()`.
    """

    def __init__(self, directory: Path | None = None) -> None:
        self.directory = directory or data_directory()
        self.path = self.directory / "credentials.json"
        # A look at the file for each call is quicker with text than with a path.
        self._path_text = str(self.path)
        self._keys = EncryptionKeys(self.path)
        self._read: tuple[object, dict[str, Any]] | None = None

    def __repr__(self) -> str:
        return f"<StoredCredentials {self.path}>"

    def list(self) -> "list[StoredCredential]":
        """All stored credentials by name, without their values.

        Raises:
            CredentialStoreError: The file cannot be read.
        """
        return [_describe(name, entry) for name, entry in sorted(self._load().items())]

    def describe(self, name: str) -> StoredCredential:
        """One credential without its values.

        Raises:
            UnknownCredentialError: None of that name is stored.
            CredentialStoreError: The file cannot be read.
        """
        return _describe(name, self._entry(self._load(), name))

    def values(self, name: str, integration: str) -> dict[str, Any]:
        """The values of a credential by field name; each is a `SecretStr`.

        Args:
            name: Its name.
            integration: The integration that asks for it.

        Raises:
            UnknownCredentialError: None of that name is stored.
            CredentialStoreError: It belongs to another integration, or the file cannot be read.
        """
        entry = self._entry(self._load(), name)
        if entry["integration"] != integration:
            raise CredentialStoreError(f"the credential {name!r} belongs to {entry['integration']}, not {integration}")
        return HiddenDict({field: SecretStr(value) for field, value in entry["values"].items()})

    def credential(self, name: str, integration: str) -> CredentialMapping:
        """A credential to be passed to calls of its integration.

        It is read when a call resolves it; if it cannot be used, the call's result says why.
        """
        return _NamedCredential(self, name, integration)

    def default_for(self, integration: str) -> str | None:
        """The name of the credential that is marked default for an integration; None if none is.

        Raises:
            CredentialStoreError: The file cannot be read.
        """
        entries = self._load().items()
        return next((name for name, entry in entries if entry["integration"] == integration and entry["default"]), None)

    def save(
        self, profile: Profile, name: str, values: CredentialMapping, *, default: bool | None = None
    ) -> StoredCredential:
        """Store a credential under a new name, or replace the one of that name.

        Args:
            profile: The integration's; the values are checked against its schemes.
            name: Letters, digits, `.`, `_` and `-`; at most 64.
            values: By field name.
            default: Whether it becomes the default of its integration, in place of another; None leaves that as it is.

        Raises:
            ActionError: `invalid_input` or `missing_credential` for the name or the values.
            CredentialConflictError: The name is taken by a credential of another integration.
            CredentialStoreError: The file cannot be read or written. What was stored is unchanged.
        """
        if not _NAME.fullmatch(name):
            # It may be a key that was pasted in the wrong place, and is not echoed.
            raise ActionError(
                ErrorCode.INVALID_INPUT, "name: must be 1 to 64 letters, digits, `.`, `_` or `-`, such as `work`"
            )
        resolved = resolve_credential(profile, hide_credential(values))
        if resolved is None:
            raise ActionError(ErrorCode.UNSUPPORTED, f"{profile.display_name} needs no credential")
        defaults = {field.name: field.default for field in resolved.scheme.fields}
        kept = {field: value for field, value in resolved.plain().items() if value != defaults[field]}
        with self._changing() as entries:
            before = entries.get(name)
            if before is not None and before["integration"] != profile.name:
                raise CredentialConflictError(
                    f"the name {name!r} is taken by a credential of {before['integration']}; remove that, or choose"
                    " another name"
                )
            is_default = default if default is not None else bool(before and before["default"])
            if is_default:
                for entry in entries.values():
                    entry["default"] = entry["default"] and entry["integration"] != profile.name
            entries[name] = HiddenDict(
                integration=profile.name,
                scheme=resolved.scheme.type,
                values=HiddenDict(kept),
                default=is_default,
                saved_at=_now(),
                tested_at=None,
                test_passed=None,
            )
            return _describe(name, entries[name])

    def remove(self, name: str) -> None:
        """Remove a credential.

        Raises:
            UnknownCredentialError: None of that name is stored.
            CredentialStoreError: The file cannot be read or written.
        """
        with self._changing() as entries:
            self._entry(entries, name)
            del entries[name]

    def record_test(self, name: str, *, passed: bool) -> None:
        """Record the outcome of a connection test.

        Raises:
            UnknownCredentialError, CredentialStoreError: As `remove`.
        """
        with self._changing() as entries:
            self._entry(entries, name).update(tested_at=_now(), test_passed=passed)

    @staticmethod
    def _entry(entries: dict[str, Any], name: str) -> dict[str, Any]:
        if name not in entries:
            hint = did_you_mean(name, entries) if entries else "; none is stored, see `modulex-mem0 credentials set`"
            raise UnknownCredentialError(f"no credential of that name is stored{hint}")
        entry: dict[str, Any] = entries[name]
        return entry

    def _load(self) -> dict[str, Any]:
        """The entries by name, which the caller does not change."""
        try:
            seen = self._signature(os.stat(self._path_text))  # noqa: PTH116 - see above
            if self._read is not None and self._read[0] == seen:
                return self._read[1]
            with self.path.open("rb") as file:
                # Of the file that is read, which may be a newer one.
                seen = self._signature(os.fstat(file.fileno()))
                content = file.read()
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise CredentialStoreError(f"cannot read {self.path}: {error.strerror or error}") from None
        entries = self._decrypt(content)
        self._read = seen, entries
        return entries

    def _signature(self, status: os.stat_result) -> object:
        """What changes when the file is replaced, or when another key is to be used."""
        return status.st_ino, status.st_mtime_ns, status.st_size, self._keys.signature()

    def _decrypt(self, content: bytes) -> dict[str, Any]:
        with extra_required():
            from cryptography.fernet import InvalidToken  # noqa: PLC0415 - an extra

        try:
            header = json.loads(content)
            key_id, source = str(header["key_id"]), str(header["key"])
            token = str(header["credentials"]).encode()
        except (ValueError, RecursionError, TypeError, KeyError):
            raise self._damaged("it is not a file of credentials") from None
        key = self._keys.find(key_id, source)
        try:
            entries = json.loads(fernet(key["key"]).decrypt(token), object_pairs_hook=HiddenDict)
        except InvalidToken:
            raise self._damaged("its content was changed") from None
        if not isinstance(entries, dict):
            raise self._damaged("it holds no credentials")
        return entries

    def _damaged(self, why: str) -> CredentialStoreError:
        return CredentialStoreError(
            f"{self.path} is damaged ({why}) and was left as it is; restore it from a backup, or move it away to begin"
            " again"
        )

    @contextlib.contextmanager
    def _changing(self) -> Iterator[dict[str, Any]]:
        """Yield the entries under the lock and write them back, unless the block raises."""
        with extra_required():
            from filelock import FileLock, Timeout  # noqa: PLC0415 - an extra

        try:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            with FileLock(self.directory / "credentials.lock", timeout=_LOCK_TIMEOUT, mode=0o600):
                # A copy: what was read stays as it is if the block or the writing fails.
                entries = HiddenDict({name: HiddenDict(entry) for name, entry in self._load().items()})
                yield entries
                self._write(entries)
        except Timeout:
            raise CredentialStoreError(
                f"another process has held {self.directory / 'credentials.lock'} for {_LOCK_TIMEOUT:g} s; try again"
            ) from None
        except OSError as error:
            raise CredentialStoreError(
                f"cannot write {error.filename or self.path}: {error.strerror or error}; what was stored is unchanged"
            ) from None

    def _write(self, entries: Mapping[str, Any]) -> None:
        key = self._keys.for_writing(self._key_in_use())
        token = fernet(key["key"]).encrypt(json.dumps(entries).encode()).decode()
        header = {"about": "credentials of modulex-mem0, encrypted with Fernet", "key": key["source"]}
        text = json.dumps(header | {"key_id": key["id"], "credentials": token}, indent=1)
        replace_file(self.path.resolve(), text.encode())
        self._read = None

    def _key_in_use(self) -> tuple[str, str] | None:
        """The id and the source of the file's key; None if there is no file."""
        if not self.path.exists():
            return None
        header = json.loads(self.path.read_bytes())
        return header["key_id"], header["key"]


def prepare_credential(
    integration: str,
    given: Any,  # noqa: ANN401 - whatever a caller passed
) -> Any:  # noqa: ANN401 - takes the place of what was given, also for the type checker
    """The credential of a call as the runtime keeps it: a name stands for the stored credential, which is read later.

    It is read where the call resolves its credential, so that a name that is not stored ends the call with a result.
    """
    if isinstance(given, str):
        return _NamedCredential(None, given, integration)
    return given if isinstance(given, _NamedCredential) else hide_credential(given)


class _NamedCredential(Mapping[str, "str | SecretStr | None"]):
    """A stored credential that is read when it is looked into, by default in `data_directory()`.

    Raises:
        ActionError: From each of its methods, if the credential cannot be used.
    """

    def __init__(self, store: StoredCredentials | None, name: str, integration: str) -> None:
        self._store = store
        self._name = name
        self._integration = integration

    def __repr__(self) -> str:
        return "<stored credential>"

    def __getitem__(self, field: str) -> str | SecretStr | None:
        value: SecretStr = self._values[field]
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    @cached_property
    def _values(self) -> dict[str, Any]:
        try:
            return (self._store or _store(data_directory())).values(self._name, self._integration)
        except UnknownCredentialError as error:
            # A text is a name; somebody may have passed the key itself.
            hint = "a key itself is passed by its field, as a mapping"
            raise ActionError(ErrorCode.MISSING_CREDENTIAL, f"credential: {error}; {hint}") from None
        except CredentialStoreError as error:
            raise ActionError(ErrorCode.MISSING_CREDENTIAL, f"credential: {error}") from None


# One object for each directory, so that calls share what was read.
_store = lru_cache(maxsize=16)(StoredCredentials)


def _describe(name: str, entry: Mapping[str, Any]) -> StoredCredential:
    shown = {key: value for key, value in entry.items() if key != "values"}
    return StoredCredential(name=name, fields=tuple(entry["values"]), **shown)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
