"""Who may ask at all: under a name that is this server's, from its own pages, and unless one is asked who one is, from
here only.

A foreign name is how a page elsewhere makes a browser take this server for its own (DNS rebinding). An address in
numbers cannot be made to point elsewhere, so it is no foreign name.
"""

import ipaddress
import os
import platform
from collections.abc import Collection
from urllib.parse import urlsplit

import streamlit as st
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from pages.ui.web import passcodes, sign_in, signing
from vae_core import profiles
from vae_core.errors import ConfigError

HOSTS_ENVIRONMENT = "VAE_STUDIO_HOSTS"
"""Names under which the server is asked, with commas between them; `*` is every name."""
PROXIES_ENVIRONMENT = "VAE_STUDIO_PROXIES"
"""Addresses or networks of proxies that are believed when they say for whom they ask; those on this machine are."""
FOREIGN_HOST = "This server is not known by that name. Whoever runs it can add the name to VAE_STUDIO_HOSTS."
FOREIGN_ORIGIN = "This request comes from a page of another server. Open VAE Studio itself."
FROM_AFAR = "This server is for the machine that it runs on. To let others in, set a profile and a passcode."


def is_loopback(address: str) -> bool:
    """Whether an address is of this machine alone."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


def client(scope: Scope) -> str:
    """The address of whoever asks: what a proxy says that is believed, else the other end of the connection."""
    lines = Headers(scope=scope).getlist("x-forwarded-for")  # some proxies add a line of their own to the browser's
    told = lines[-1].split(",")[-1].strip() if lines else ""
    return told if told and is_believed(scope) else _peer(scope)


def network(scope: Scope) -> str:
    """By what is counted how often somebody asks: the address, or the 64 bits of an IPv6 one, whose rest is theirs."""
    told = client(scope)
    try:
        address = ipaddress.ip_address(told.partition("%")[0])
    except ValueError:
        return told
    if isinstance(address, ipaddress.IPv4Address) or address.is_loopback:
        return str(address)
    return str(address.ipv4_mapped or ipaddress.IPv6Network((address, 64), strict=False))


def network_of_script() -> str:
    """The same of whoever asks for the page that is being drawn."""
    told = [(b"x-forwarded-for", line.encode()) for line in st.context.headers.get_all("X-Forwarded-For")]
    return network({"client": (st.context.ip_address or "127.0.0.1", 0), "headers": told})


def is_believed(scope: Scope) -> bool:
    """Whether the other end of the connection may say for whom it asks."""
    told = [part.strip() for part in os.environ.get(PROXIES_ENVIRONMENT, "").split(",")]
    return is_loopback(_peer(scope)) or any(_lies_in(_peer(scope), part) for part in told if part)


def _lies_in(address: str, told: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(told, strict=False)
    except ValueError:
        return address == told


def _peer(scope: Scope) -> str:
    return str((scope.get("client") or ("",))[0])


def known_names() -> Collection[str]:
    """Names under which this server may be asked, beside addresses in numbers."""
    told = {name.strip().lower() for name in os.environ.get(HOSTS_ENVIRONMENT, "").split(",")} - {""}
    if not told and profiles.present().name == "demo":
        return {"*"}
    here = platform.node().lower()
    options = ("server.address", "browser.serverAddress")
    configured = {str(st.config.get_option(name) or "").lower() for name in options} - {""}
    return told | {"localhost", here, f"{here}.local"} | configured


def is_known(host: str) -> bool:
    """Whether the Host of a request names this server."""
    try:
        name = (urlsplit(f"//{host}").hostname or "").rstrip(".").lower()
    except ValueError:
        return False
    if set(host) & set("/?#@\\ ") or not name:
        return False
    try:
        return bool(ipaddress.ip_address(name))
    except ValueError:
        names = known_names()
        wild = [known[1:] for known in names if known.startswith("*.")]
        return "*" in names or name in names or any(name.endswith(ending) for ending in wild)


def is_open_to_all() -> bool:
    """Whether somebody on another machine may ask."""
    return passcodes.is_protected() or sign_in.is_configured() or profiles.present().name == "demo"


def check_start() -> str:
    """Whether the server may be started like this.

    Returns:
        Who can reach it, in a sentence.

    Raises:
        ConfigError: if others can, without passcode or sign-in; or these protect nothing.
    """
    profile, address = profiles.present(), str(st.config.get_option("server.address") or "")
    passcodes.check()
    sign_in.check()
    if profile.has_visitors or passcodes.is_protected():
        signing.check()
    protected, signed_in = passcodes.is_protected(), sign_in.is_configured()
    if profile.name == "classroom" and not (protected or signed_in):
        raise ConfigError(
            "A classroom needs a passcode. Set VAE_STUDIO_PASSCODE to one of at least 8 characters, "
            "or let people sign in: [auth] in secrets.toml, see .deploy/classroom.md."
        )
    if not is_loopback(address) and not is_open_to_all():
        raise ConfigError(
            f"The server would listen on {address or 'all addresses'}, for everybody who reaches it. "
            "Set VAE_STUDIO_PASSCODE, or leave server.address at 127.0.0.1."
        )
    reach = "this machine" if is_loopback(address) else "everybody who reaches this machine"
    keys = [", with a passcode"] * protected + [", signed in"] * signed_in
    return f"Profile {profile.name}: open to {reach}{''.join(keys)}."


class Hosts:
    """Middleware that turns away what is not for us."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is."""
        refused = _refusal(scope) if scope["type"] in ("http", "websocket") else None
        if refused is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await PlainTextResponse(refused, 403)(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 4403})


def _is_of(host: str, origin: str) -> bool:
    """Whether a page's origin is the server of this name."""
    try:
        return urlsplit(origin).netloc.lower() == host.lower()
    except ValueError:  # no address at all, as `http://[`
        return False


def _refusal(scope: Scope) -> str | None:
    headers = Headers(scope=scope)
    host, origin = headers.get("host", ""), headers.get("origin")
    if not is_known(host):
        return FOREIGN_HOST
    if origin is not None and not _is_of(host, origin):
        return FOREIGN_ORIGIN
    if not (is_open_to_all() or is_loopback(client(scope))):
        return FROM_AFAR
    return None
