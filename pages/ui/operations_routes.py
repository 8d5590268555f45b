"""HTTP for whoever runs the server.

/studio/health     200 "ok": the process is up
/studio/ready      200 if it can serve every page, else 503; as JSON what is missing, even where that is bearable
/studio/metrics    numbers for Prometheus, for this machine alone
"""

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from pages.ui import metrics, operations
from pages.ui.answers import NEVER, answer
from pages.ui.language import tr
from vae_core import workspace


def routes(base: str) -> list[BaseRoute]:
    """The three, below a base path."""
    return [
        Route(base + "/health", _health),
        Route(base + "/ready", answer(_ready)),
        Route(base + "/metrics", answer(_metrics)),
    ]


async def _health(request: Request) -> Response:
    """In no thread: this is to answer even when all of them are at work."""
    return PlainTextResponse("ok", headers=NEVER)


def _ready(request: Request) -> Response:
    missing = operations.missing()
    is_ready = missing.keys() <= operations.BEARABLE
    return JSONResponse({"ready": is_ready, "missing": missing}, 200 if is_ready else 503, NEVER)


def _metrics(request: Request) -> Response:
    if not operations.is_local(request):
        return PlainTextResponse(tr("There is no such file."), status_code=404)
    with workspace.visiting(None):  # of all workspaces, and for none of the visitors
        text = metrics.text()
    return Response(text, media_type=metrics.CONTENT_TYPE, headers=NEVER)
