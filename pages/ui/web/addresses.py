"""Addresses of our own routes, and whether they are asked for safely."""

import streamlit as st
from starlette.datastructures import Headers
from starlette.types import Scope

from pages.ui.web.hosts import is_believed

HEALTH = ("/_stcore/health", "/studio/health", "/studio/ready", "/_stcore/metrics", "/studio/metrics")
"""The numbers are for this machine alone: see `pages.ui.operations`."""
WORKSPACE = "/workspace/"
"""Before what opens a workspace, in a link that its owner keeps."""


def outer() -> str:
    """What stands before all paths, behind a proxy: empty, or `/path`."""
    path = str(st.config.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{path}" if path else ""


def base() -> str:
    """The prefix of our routes."""
    return outer() + "/studio"


def local(path: str) -> str:
    """A path of this server to go on to, and nothing that leads elsewhere; our first page for anything else.

    Of our routes only the one that opens a workspace is a page.
    """
    is_ours = path.startswith(f"{outer()}/") and not path.startswith("//") and not set(path) & set("\\\r\n\t")
    is_page = not path.startswith(base() + "/") or path.startswith(base() + WORKSPACE)
    return path if is_ours and is_page else f"{outer()}/"


def is_health(scope: Scope) -> bool:
    """Whether it is asked how we are, which one may know."""
    return scope["type"] == "http" and scope["path"] in {outer() + path for path in HEALTH}


def is_secure(scope: Scope) -> bool:
    """Whether the browser speaks TLS, with us or with a proxy that is believed."""
    told = Headers(scope=scope).get("x-forwarded-proto", "")
    return scope.get("scheme") in ("https", "wss") or (told == "https" and is_believed(scope))
