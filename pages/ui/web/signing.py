"""Words that only this server can have said: signed with a key that lies in the workspace, for all its replicas."""

import base64
import hashlib
import hmac
import secrets
from functools import cache
from pathlib import Path

from filelock import FileLock

from vae_core import workspace
from vae_core.errors import ConfigError
from vae_core.files import write_atomically

KEY_BYTES = 32
SIGNATURE = 26
"""Characters of five bits: 130 bits, which nobody guesses."""


def sign(purpose: str, text: str) -> str:
    """A signature of 26 characters a-z, 2-7: HMAC-SHA-256 (RFC 2104), cut off."""
    digest = hmac.digest(_key(workspace.base()), f"{purpose}:{text}".encode(), hashlib.sha256)
    return base64.b32encode(digest).decode().lower()[:SIGNATURE]


def is_signed(purpose: str, text: str, signature: str) -> bool:
    """Whether we have signed it; takes as long for one that is nearly right."""
    return hmac.compare_digest(sign(purpose, text).encode(), signature.encode())


def check() -> None:
    """Whether there is a key to sign by.

    Raises:
        ConfigError: if the workspace's is none.
    """
    _key(workspace.base())


@cache
def _key(folder: Path) -> bytes:
    """The key of a workspace, made when first wanted; on a disk that cannot be written to, this process has its own."""
    path = folder / "secret"
    key = _stored(path)
    if len(key) != KEY_BYTES:
        raise ConfigError(
            f"The file `secret` in the workspace has {len(key)} bytes in place of {KEY_BYTES}, and would sign what "
            "anybody can. Put it back from a backup; or delete it, and no cookie or link opens a workspace any more."
        )
    return key


def _stored(path: Path) -> bytes:
    folder = path.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / "secret.lock"):
            if not path.exists():
                write_atomically(path, secrets.token_bytes(KEY_BYTES))
        return path.read_bytes()
    except OSError:
        return path.read_bytes() if path.exists() else secrets.token_bytes(KEY_BYTES)
