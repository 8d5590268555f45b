"""Routes of the map that takes a while, t-SNE of a model's codes.

…/tsne           GET: places float32 [N, 2], once it is computed
                 POST: let it be computed; the answer is the status
…/tsne/status    where it stands, as JSON: state, done, seconds_left, message, and for how many seconds to reckon
"""

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from pages.ui import cache
from pages.ui.answers import FOR_EVER, NEVER, answer, same_origin
from pages.ui.language import tr
from vae_core import projections
from vae_core.errors import ComputationError, ProjectionError, QuotaError
from vae_core.latents import projection


def routes(path: str) -> list[BaseRoute]:
    """All routes under a path with an {id} and a {version}."""
    return [
        Route(path, answer(_result), methods=["GET"]),
        Route(path, answer(_start), methods=["POST"]),
        Route(path + "/status", answer(_status), methods=["GET"]),
    ]


def _result(request: Request) -> Response:
    path = projections.result(*_model(request))
    return FileResponse(path, media_type="application/octet-stream", headers=FOR_EVER)


def _start(request: Request) -> Response:
    if not same_origin(request):
        return PlainTextResponse(tr("Another site may not start this."), status_code=403)
    id, version = _model(request)
    projections.status(id, version)  # of a version that is gone there may be codes in memory still
    try:
        projections.start(id, version, cache.codes(id, version).mean)
    except (ProjectionError, ComputationError, QuotaError) as error:
        return _told({"state": "failed", "message": tr(str(error))})
    return _status(request)


def _status(request: Request) -> Response:
    id, version = _model(request)
    status = projections.status(id, version)
    told = status.model_dump(include={"state", "done", "seconds_left"}) | {"message": tr(status.message)}
    if status.state != "absent":
        return _told(told)
    mean = cache.codes(id, version).mean
    try:
        projection.check(mean)
    except ProjectionError as error:
        return _told(told | {"state": "impossible", "message": tr(str(error))})
    return _told(told | {"seconds": projection.seconds(len(mean))})


def _told(status: dict[str, object]) -> Response:
    return JSONResponse(status, headers=NEVER)


def _model(request: Request) -> tuple[str, str]:
    return request.path_params["id"], request.path_params["version"]
