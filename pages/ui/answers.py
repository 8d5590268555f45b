"""How our routes answer: in a thread, with a sentence for what is refused, and to our own pages."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, Response

from vae_core.errors import VAECoreError

FOR_EVER = {"Cache-Control": "private, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
"""For addresses that contain the version of what they serve."""
NEVER = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
"""For what is another thing a moment later."""


def answer(function: Callable[[Request], Response]) -> Callable[[Request], Any]:
    """Run in a thread; what the core refuses becomes a plain 404."""

    async def endpoint(request: Request) -> Response:
        try:
            return await run_in_threadpool(function, request)
        except VAECoreError as error:
            return PlainTextResponse(str(error), status_code=404)

    return endpoint


def same_origin(connection: HTTPConnection) -> bool:
    """Whether a browser's request comes from one of our own pages; programs send no Origin."""
    origin = connection.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == connection.headers.get("host")
