"""The key that encrypts the stored credentials: `MODULEX_KEY`, else an entry in the system's keyring, else a file."""

import base64
import binascii
import contextlib
import hashlib
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from modulex_mem0.runtime.credentials import HiddenDict

__all__ = ["CredentialStoreError", "EncryptionKeys", "extra_required", "fernet", "replace_file"]

logger = logging.getLogger(__name__)

KeySource = Literal["MODULEX_KEY", "keyring", "file"]

_KEY_VARIABLE = "MODULEX_KEY"
_KEYRING_SERVICE = "modulex-mem0"
_NEW_KEY = "openssl rand -base64 32"


class CredentialStoreError(Exception):
    """The stored credentials cannot be read or changed; the message is one line that says what to do."""


class EncryptionKeys:
    """Finds and makes the key of one file. A key is a mapping of `key` (base64), `id` and `source`.

    Args:
        path: The file that is encrypted. A key file stands beside it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._key_path = path.with_suffix(".key")
        self._found: dict[str, HiddenDict] = {}

    def signature(self) -> object:
        """What changes when the environment names another key."""
        return os.environ.get(_KEY_VARIABLE)

    def for_writing(self, used: tuple[str, str] | None) -> HiddenDict:
        """The key from the environment; else the one in use; else a new one.

        Args:
            used: The id and the source of the key with which the file is encrypted; None for a new file.

        Raises:
            CredentialStoreError: The one in use is nowhere.
        """
        key = _environment_key()
        if key is not None:
            return key
        if used is not None:
            # Looked for again: what is written with a key that only this process remembers could not be read again.
            self._found.clear()
            return self.find(*used)
        return self._file_key() or self._keyring_key() or self._new_key()

    def find(self, key_id: str, source: str) -> HiddenDict:
        """The key with which the file was encrypted, wherever it is.

        Raises:
            CredentialStoreError: It is nowhere.
        """
        if key_id in self._found and source != _KEY_VARIABLE:
            return self._found[key_id]
        places = {"MODULEX_KEY": _environment_key, "file": self._file_key, "keyring": self._keyring_key}
        for place in sorted(places, key=lambda name: name != source):
            key = places[place]()
            if key is not None and key["id"] == key_id:
                self._found[key_id] = key
                return key
        where = {
            "MODULEX_KEY": "the environment variable MODULEX_KEY that was set when it was written; set it again",
            "keyring": "the entry `modulex-mem0` in the system's keyring; unlock or restore it",
        }.get(source, f"{self._key_path}; restore it from a backup")
        raise CredentialStoreError(
            f"the key of {self._path} is missing: it was {where}. The credentials were left as they are; to begin again"
            f" without them, move {self._path.name} away"
        )

    def _file_key(self) -> HiddenDict | None:
        try:
            text = self._key_path.read_text("ascii")
            if os.name == "posix" and self._key_path.stat().st_mode & 0o077:
                logger.warning("%s could be read by other users; it is made private", self._key_path)
                self._key_path.chmod(0o600)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it holds no key"
            raise CredentialStoreError(f"cannot read {self._key_path}: {reason}") from None
        return _checked_key(text, "file", str(self._key_path))

    def _keyring_key(self) -> HiddenDict | None:
        keyring = _keyring()
        try:
            text = keyring.get_password(_KEYRING_SERVICE, str(self._path)) if keyring is not None else None
        except Exception as error:
            logger.info("the system's keyring cannot be read: %s", type(error).__name__)
            return None
        return _checked_key(text, "keyring", "the entry in the system's keyring") if text else None

    def _new_key(self) -> HiddenDict:
        with extra_required():
            from cryptography.fernet import Fernet  # noqa: PLC0415 - an extra

        text = Fernet.generate_key().decode()
        keyring = _keyring()
        if keyring is not None:
            with contextlib.suppress(Exception):
                keyring.set_password(_KEYRING_SERVICE, str(self._path), text)
                # Some backends accept an entry and do not keep it.
                if keyring.get_password(_KEYRING_SERVICE, str(self._path)) == text:
                    return _checked_key(text, "keyring", "")
        replace_file(self._key_path, text.encode())
        return _checked_key(text, "file", "")


@contextlib.contextmanager
def extra_required() -> Iterator[None]:
    """Report a package of the extra that is not installed, with the command that installs it."""
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        raise CredentialStoreError(
            f"stored credentials need {package}; install it with: pip install 'modulex-mem0[credentials]'"
        ) from None


def _environment_key() -> HiddenDict | None:
    text = os.environ.get(_KEY_VARIABLE, "").strip()
    return _checked_key(text, "MODULEX_KEY", "MODULEX_KEY") if text else None


def _checked_key(text: str, source: KeySource, subject: str) -> HiddenDict:
    """The key and what identifies it.

    Raises:
        CredentialStoreError: The text is not 32 bytes in base64.
    """
    try:
        # With either alphabet of base64: `openssl` writes the other one.
        key = base64.b64decode(text.strip().replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != 32:
        raise CredentialStoreError(f"{subject} must be 32 random bytes in base64; make one with: {_NEW_KEY}")
    encoded = base64.urlsafe_b64encode(key).decode()
    return HiddenDict(key=encoded, id=hashlib.sha256(b"modulex key id " + key).hexdigest()[:16], source=source)


def fernet(key: str) -> Any:  # noqa: ANN401 - Fernet, which is an extra
    """The cipher of a key."""
    with extra_required():
        from cryptography.fernet import Fernet  # noqa: PLC0415 - an extra

    return Fernet(key)


def _keyring() -> Any:  # noqa: ANN401 - a module, which may not be installed
    """The module `keyring`, if it is installed and the system has a keyring; MODULEX_KEYRING=off turns it off."""
    if os.environ.get("MODULEX_KEYRING", "").lower() in ("off", "0", "no", "false"):
        return None
    try:
        import keyring  # noqa: PLC0415 - optional

        # A headless machine has a backend that raises, whose priority is 0.
        return keyring if keyring.get_keyring().priority >= 1 else None
    except Exception:
        return None


def replace_file(path: Path, content: bytes) -> None:
    """Write a private file so that it has either its old or its new content, whatever happens."""
    new = path.with_name(f"{path.name}.new")
    # Under the lock, so a file of this name is what a killed process left.
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
    if os.name == "posix":  # pragma: no branch - Windows opens no directory
        directory = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
