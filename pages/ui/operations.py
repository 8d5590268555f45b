"""For whoever runs the server: whether it can do its work, and who may see numbers about all visits."""

import functools
import ipaddress
import re

from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from pages.ui import browser_runtime
from pages.ui.language import COOKIE, asked, tr
from vae_core import checkpoints, profiles, workspace
from vae_core.errors import VAECoreError

FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via")
"""What a proxy adds: on the same machine it would make everybody local."""
BEARABLE = {"runtime"}
"""What may be missing and every page is served all the same: without it the server decodes, over a WebSocket."""
METRICS = re.compile(r".*/_stcore/metrics/?$")


def missing() -> dict[str, str]:
    """What the server lacks for its work, by a word for machines; nothing where it can do all of it."""
    found = {}
    with workspace.visiting(None):
        if profiles.present().may_bring and not workspace.is_writable():
            found["workspace"] = "The workspace cannot be written to."
    if not browser_runtime.is_installed():
        found["runtime"] = (
            "What runs in the browser is not installed, so the server decodes: python -m pages.ui.browser_runtime"
        )
    try:
        _load_bundled()
    except (OSError, VAECoreError):
        found["models"] = "The bundled models cannot be opened. Install the program again."
    return found


@functools.cache
def _load_bundled() -> None:
    """Once they could all be opened, that is remembered."""
    names = checkpoints.bundled()
    if not names:
        raise FileNotFoundError("no bundled model")
    for name in names:
        checkpoints.load(checkpoints.locate(name)).model()


def is_local(connection: HTTPConnection) -> bool:
    """Whether somebody on this machine asks, and for nobody else."""
    if connection.client is None or any(name in connection.headers for name in FORWARDED):
        return False
    try:
        address = ipaddress.ip_address(connection.client.host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


class LocalMetrics:
    """Middleware that keeps Streamlit's own numbers about all visits to this machine."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on whatever is not about them, and whoever may see them."""
        if scope["type"] == "http" and METRICS.match(scope["path"]):
            connection = HTTPConnection(scope)
            if not is_local(connection):
                with asked(connection.cookies.get(COOKIE)):
                    refused = PlainTextResponse(tr("There is no such file."), 404)
                await refused(scope, receive, send)
                return
        await self.app(scope, receive, send)
