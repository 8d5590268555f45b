"""The passcode of a class, and that of its teacher, who has a page more.

Both come in the environment, and are kept as scrypt digests (Percival & Josefsson 2016, RFC 7914). Who has told one is
known from then on by a cookie that we have signed.
"""

import hashlib
import hmac
import os
import secrets
import time
from functools import cache
from typing import Literal

from pages.ui.web import signing
from vae_core.errors import ConfigError

Role = Literal["student", "teacher"]
ENVIRONMENTS: dict[str, Role] = {
    "VAE_STUDIO_TEACHER_PASSCODE": "teacher",
    "VAE_STUDIO_PASSCODE": "student",
}
SHORTEST = 8
COOKIE = "studio_pass"
KNOWN_SECONDS = 12 * 3600
"""A day of school."""
_PROCESS = secrets.token_bytes(32)
_SALT = b"vae-studio"
"""Nothing is stored, so there are no two digests of which one could see that they are of the same passcode."""


def is_protected() -> bool:
    """Whether a passcode is asked for."""
    return bool(_codes())


def check() -> None:
    """Whether the passcodes are such as protect.

    Raises:
        ConfigError: if one is too short, or both are the same.
    """
    codes = _codes()
    for name, code in codes.items():
        if len(code) < SHORTEST:
            raise ConfigError(f"{name} has {len(code)} characters. Take at least {SHORTEST}.")
    if len(set(codes.values())) < len(codes):
        raise ConfigError("The teacher's passcode is that of the class. Take another one.")
    if codes and "VAE_STUDIO_PASSCODE" not in codes:
        raise ConfigError("There is a passcode for the teacher and none for the class. Set VAE_STUDIO_PASSCODE.")


def role_of(told: str) -> Role | None:
    """Whose passcode this is; takes as long as a digest is meant to."""
    digest = _digest(told)
    found = [role for name, role in ENVIRONMENTS.items() if hmac.compare_digest(_expected(name), digest)]
    return found[0] if found else None


def mark(told: str) -> bytes:
    """What this process may remember a passcode by, until another one counts."""
    return hmac.digest(_PROCESS, f"{_purpose()}:{told}".encode(), hashlib.sha256)


def token(role: Role) -> str:
    """For the cookie of whoever has told it: holds for a day of school, and until the passcode is another."""
    text = f"{role}.{int(time.time()) + KNOWN_SECONDS}"
    return f"{text}.{signing.sign(_purpose(), text)}"


def role_in(told: str | None) -> Role | None:
    """The role that such a token gives."""
    text, _, signature = (told or "").rpartition(".")
    role, _, until = text.partition(".")
    is_ours = until.isdigit() and signing.is_signed(_purpose(), text, signature)
    if not is_ours or int(until) < time.time():
        return None
    return next((known for known in ENVIRONMENTS.values() if known == role), None)


def _codes() -> dict[str, str]:
    return {name: code for name in ENVIRONMENTS if (code := os.environ.get(name, "").strip())}


def _purpose() -> str:
    """Another passcode, and all who have told the one before must tell the new one."""
    told = "\n".join(f"{name}={code}" for name, code in sorted(_codes().items()))
    return f"pass-{hashlib.sha256(told.encode()).hexdigest()}"


def _expected(name: str) -> bytes:
    code = _codes().get(name)
    return _kept_digest(code) if code else b""


@cache
def _kept_digest(code: str) -> bytes:
    return _digest(code)


def _digest(code: str) -> bytes:
    return hashlib.scrypt(code.encode(), salt=_SALT, n=2**14, r=8, p=1)
