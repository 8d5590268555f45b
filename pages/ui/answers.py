"""How our routes answer: in a thread, in sentences, and to our own pages."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from anyio import CapacityLimiter, to_thread
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, Response

from pages.ui import language
from pages.ui.language import tr
from pages.ui.web.hosts import network
from pages.ui.web.rates import Shares
from vae_core import profiles, workspace
from vae_core.errors import VAECoreError

FOR_EVER = {"Cache-Control": "private, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
"""For addresses that contain the version of what they serve."""
NEVER = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
"""For what may be another thing the next time."""
SLOW_A_MINUTE = 30
_SLOW, _SLOW_ASKED = CapacityLimiter(2), Shares(SLOW_A_MINUTE, 60.0)
ROOT = Path(__file__).resolve().parents[2]
MADE_BY = [
    *(ROOT / "pages/ui" / f"{name}.py" for name in ("explorer", "served")),
    *(ROOT / "vae_core/latents" / f"{name}.py" for name in ("codes", "density")),
]
"""The code on which the arrays that the explorer fetches depend, besides the version in their addresses."""


def digest(*files: Path) -> str:
    """Changes with any of them."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:12]


CODE_DIGEST = digest(*MADE_BY)
"""A part of those addresses; of the code that runs, so not looked up again later."""


def answer(function: Callable[[Request], Response]) -> Callable[[Request], Any]:
    """Run in a thread; what the core refuses becomes a plain 404."""
    return _endpoint(function, None)


def slow(function: Callable[[Request], Response]) -> Callable[[Request], Any]:
    """`answer` for what takes seconds: two at a time, so that threads are left for all else, and not too often."""
    return _endpoint(function, _SLOW)


def _endpoint(function: Callable[[Request], Response], threads: CapacityLimiter | None) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        with language.asked(request.cookies.get(language.COOKIE)):
            try:
                if threads and not _may_ask(request):
                    told = tr("These take long, and you asked for many of them. Wait a minute, then try again.")
                    return PlainTextResponse(told, 429, {"Retry-After": "60"})
                return await to_thread.run_sync(function, request, limiter=threads)
            except VAECoreError as error:
                return PlainTextResponse(tr(str(error)), status_code=404)

    return endpoint


def _may_ask(request: Request) -> bool:
    """Whether a visitor may have something slow; alone one may have it at will."""
    is_alone = not profiles.present().has_visitors
    return is_alone or _SLOW_ASKED.take(str(workspace.visitor()), network(request.scope))


def same_origin(connection: HTTPConnection) -> bool:
    """Whether a browser's request comes from one of our own pages; programs send no Origin."""
    origin = connection.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == connection.headers.get("host")
