"""What a browser may load and do on our pages: Content-Security-Policy and its neighbours.

Scripts come from here, but for the one that Streamlit's shell has inside, known by its digest; and `blob:`, as
Streamlit gives the scripts of components to the browser so. A page that somebody slips markup into can make no blob.
WebAssembly is for the decoder in the browser.
"""

import base64
import hashlib
import os
import re
from functools import cache
from pathlib import Path

import streamlit
from starlette.datastructures import Headers as Received
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pages.ui import browser_runtime

FRAMES_ENVIRONMENT = "VAE_STUDIO_FRAME_ANCESTORS"
"""Who may show the app inside a page of theirs, as CSP has it; nobody, unless it is set."""
SHELL = Path(streamlit.__file__).parent / "static" / "index.html"
INLINE_SCRIPT = re.compile(rb"<script>(.*?)</script>", re.DOTALL)
HOST = re.compile(r"[A-Za-z0-9.:\[\]-]{1,260}")
OTHERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
}


@cache
def shell_scripts() -> tuple[str, ...]:
    """Sources of the scripts inside Streamlit's shell."""
    digests = (hashlib.sha256(found).digest() for found in INLINE_SCRIPT.findall(SHELL.read_bytes()))
    return tuple(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)


def policy(host: str) -> str:
    """The Content-Security-Policy of a server that is called by this name."""
    sockets = f" ws://{host} wss://{host}" if HOST.fullmatch(host) else ""
    # plotly.js of the wheel draws points with code that it makes
    made = "" if browser_runtime.is_installed() else " 'unsafe-eval'"
    ancestors = os.environ.get(FRAMES_ENVIRONMENT, "").replace(";", " ").strip() or "'none'"
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' blob: 'wasm-unsafe-eval'{made} {' '.join(shell_scripts())}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            f"connect-src 'self' blob: data:{sockets}",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            f"frame-ancestors {ancestors}",
        )
    )


class Headers:
    """Middleware that adds them to every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        host = Received(scope=scope).get("host", "")

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = policy(host)
                for name, value in OTHERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)
