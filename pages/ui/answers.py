"""How our routes answer: in a thread, in sentences, and to our own pages."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, Response

from pages.ui import language
from vae_core.errors import VAECoreError

FOR_EVER = {"Cache-Control": "private, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
"""For addresses that contain the version of what they serve."""
NEVER = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
"""For what may be another thing the next time."""
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

    async def endpoint(request: Request) -> Response:
        with language.asked(request.cookies.get(language.COOKIE)):
            try:
                return await run_in_threadpool(function, request)
            except VAECoreError as error:
                return PlainTextResponse(language.tr(str(error)), status_code=404)

    return endpoint


def same_origin(connection: HTTPConnection) -> bool:
    """Whether a browser's request comes from one of our own pages; programs send no Origin."""
    origin = connection.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == connection.headers.get("host")
