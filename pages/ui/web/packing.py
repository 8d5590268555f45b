"""What is large and does not get smaller: sent as it is, not compressed anew for everybody who asks."""

import re

from starlette.types import ASGIApp, Receive, Scope, Send

WEIGHTS = re.compile(r".*/studio/(models|films)/.*\.onnx$")
"""Numbers of models: gzip takes a fourteenth off them, and five times as long as sending them."""


class Packing:
    """Middleware that lets nothing compress them."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on."""
        if scope["type"] == "http" and WEIGHTS.match(scope["path"]):
            kept = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
            scope = {**scope, "headers": kept}
        await self._app(scope, receive, send)
