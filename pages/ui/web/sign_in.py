"""Who somebody is where people sign in: in a classroom with `[auth]` in secrets.toml, by OpenID Connect (Core 1.0).

Streamlit talks to the provider, and keeps what that says of a person in a cookie that it signs. We read the cookie as
Streamlit does, with every request, so that pages and routes mean the same person; and only for a day of school.
"""

import importlib.util
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import streamlit as st
from streamlit import auth_util
from streamlit.errors import StreamlitAuthError
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.user_info import generate_login_redirect_url
from streamlit.web.server.server_util import get_cookie_secret
from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

from pages.ui.web import passcodes, signing
from vae_core import profiles
from vae_core.errors import ConfigError

TEACHERS_ENVIRONMENT = "VAE_STUDIO_TEACHERS"
"""E-mail addresses, with commas between them."""
PATHS = ("/auth/login", "/auth/logout", "/oauth2callback")
"""Streamlit's own, on the way to the provider and back."""
PROVIDER = "default"
SHORTEST = 32
PURPOSE = "person"
KNOWN_DAYS = passcodes.KNOWN_SECONDS / profiles.DAY


@dataclass(frozen=True)
class Person:
    """Who is signed in.

    Attributes:
        id: Of their workspace, the same wherever they sign in.
        name: As the provider has it.
        is_teacher: Whether the class is theirs.
    """

    id: str
    name: str
    is_teacher: bool


def is_configured() -> bool:
    """Whether everybody signs in here."""
    return profiles.present().name == "classroom" and bool(_section())


@cache
def _section() -> Mapping[str, object]:
    """Read once: Streamlit reads the file anew when it changes, and one that is gone would open the server to all."""
    return auth_util.get_secrets_auth_section().to_dict()


def check() -> None:
    """Whether people can sign in, where they are to.

    Raises:
        ConfigError: if something is missing, or the cookie's secret could be guessed.
    """
    if not is_configured():
        if os.environ.get(TEACHERS_ENVIRONMENT):
            raise ConfigError(f"{TEACHERS_ENVIRONMENT} is set and nobody signs in: a classroom with [auth] is wanted.")
        return
    if not (auth_util.is_authlib_installed() and importlib.util.find_spec("httpx")):
        raise ConfigError('To sign in, [auth] in secrets.toml needs Authlib: pip install "streamlit[auth]".')
    try:
        auth_util.validate_auth_credentials(PROVIDER)
    except StreamlitAuthError as error:
        raise ConfigError(" ".join(str(error).split())) from None
    if auth_util.get_validated_redirect_uri() is None:
        raise ConfigError("redirect_uri in secrets.toml must end with /oauth2callback.")
    if len(get_cookie_secret()) < SHORTEST:
        raise ConfigError(f"cookie_secret in secrets.toml must have {SHORTEST} characters that nobody guesses.")


def address() -> str:
    """Where one goes to sign in; good for two minutes."""
    return generate_login_redirect_url(PROVIDER)


def person(cookies: Mapping[str, str]) -> Person | None:
    """Who sends these; None if nobody is signed in, or it was not Streamlit here and lately that said so."""
    claims = _claims(cookies)
    issuer, subject = claims.get("iss"), claims.get("sub")
    if claims.get("is_logged_in") is not True or claims.get("origin") != auth_util.get_origin_from_redirect_uri():
        return None
    if not (isinstance(issuer, str) and isinstance(subject, str) and issuer and subject):
        return None
    names = [told for told in map(claims.get, ("name", "email")) if isinstance(told, str) and told]
    id = signing.sign(PURPOSE, json.dumps([issuer, subject]))
    return Person(id, (names or [subject])[0], _is_teacher(claims))


def of_script() -> Person | None:
    """For whom the page is being drawn."""
    if not is_configured() or not get_script_run_ctx(suppress_warning=True):
        return None
    return person(st.context.cookies.to_dict())


def _is_teacher(claims: Mapping[str, object]) -> bool:
    told = os.environ.get(TEACHERS_ENVIRONMENT, "").casefold()
    address = str(claims.get("email", "")).strip().casefold()
    # some providers say it as a word, some not at all; one that anybody may write in is not believed
    is_verified = str(claims.get("email_verified", True)).lower() == "true"
    return is_verified and address in {one.strip() for one in told.split(",")} - {""}


def _claims(cookies: Mapping[str, str]) -> Mapping[str, object]:
    secret = get_cookie_secret()

    def signed(name: str) -> bytes | None:
        told = cookies.get(name)
        return decode_signed_value(secret, name, told.encode("latin-1", "replace"), KNOWN_DAYS) if told else None

    try:
        found = json.loads(auth_util.get_cookie_with_chunks(signed, USER_COOKIE_NAME) or b"{}", object_pairs_hook=_once)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object in which no name comes twice, as it may in one that somebody puts together of parts of several."""
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a name comes twice")
    return dict(pairs)
