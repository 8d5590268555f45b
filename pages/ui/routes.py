"""HTTP beside the pages: everything the live explorer fetches, served by the same process.

    /studio/components/<digest>/<path>                   the components' own modules
    /studio/words/<digest>/<locale>.json                 a language for the components
    /studio/runtime/<version>/<file>                     onnxruntime-web, and the bundle of plotly.js that the map takes
    /studio/plotly/<version>.js                          or plotly.js out of the plotly wheel
    /studio/models/<id>/<version>/decoder.onnx           for the browser
    /studio/models/<id>/<version>/encoder.onnx           likewise
    /studio/models/<id>/<version>/codes                  means and stds, float32 [N, L] each, then int32 [N] labels
    /studio/models/<id>/<version>/…                      paths and concepts: see pages.ui.latent_routes
    /studio/models/<id>/<version>/tsne                   see pages.ui.projection_routes
    /studio/models/<id>/<version>/ledger                 see pages.ui.ledger_routes
    /studio/models/<id>/<version>/…                      what one takes away: see pages.ui.takeaway_routes
    /studio/films/<id>/<version>/…                       see pages.ui.film_routes
    /studio/models/<id>/<version>/decode                 WebSocket: a latent in, a reconstruction out
    /studio/models/<id>/<version>/encode                 WebSocket: an example in, mean and std of its code out
    /studio/datasets/<id>/thumbnails                     uint8 [n, side, side, C]
    /studio/datasets/<id>/names                          what the user called each example, as JSON; [] without names
    /studio/datasets/<id>/points                         x of a table of two numbers, float32 [N, 2], standardised
    /studio/samples/<name>.png                           a built-in set at a glance
    /studio/health, ready, metrics                       see pages.ui.operations_routes

Codes and thumbnails are asked for with ?code=<digest of what makes them>, as browsers keep them for ever.
Streamlit checks neither the origin nor the base path of such routes: both are done here.
"""

import asyncio
import contextlib
import logging
import math
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import numpy as np
import streamlit as st
import torch
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from pages.ui import (
    browser_runtime,
    cache,
    explorer,
    film_routes,
    language,
    latent_routes,
    ledger_routes,
    logs,
    models,
    operations_routes,
    plotly_script,
    projection_routes,
    served,
    stopping,
    takeaway_routes,
)
from pages.ui.answers import FOR_EVER, answer, same_origin
from pages.ui.language import later, tr
from pages.ui.web import addresses, hosts
from vae_core import checkpoints, oversight, profiles, runs, stored_datasets, uploads, workspace
from vae_core.errors import NotFoundError, VAECoreError
from vae_core.runs import turns
from vae_core.vae import VAE

log = logging.getLogger(__name__)

GZIP = {"Content-Encoding": "gzip"}
"""Of what is kept compressed: else it would be compressed anew for everybody, on the thread that answers all."""
FOR_A_DAY = FOR_EVER | {"Cache-Control": "private, max-age=86400"}
TIDY_SECONDS = 3600
RESUME_SECONDS = 10
NEWEST = 3
MEDIA_TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm"}


def base_path() -> str:
    """The prefix of our routes, behind `server.baseUrlPath` if that is set."""
    return addresses.base()


def routes() -> list[BaseRoute]:
    """All routes, for `st.App`."""
    base = base_path()
    model = base + "/models/{id}/{version}"
    return [
        Route(base + "/components/{digest}/{name:path}", answer(_component_file)),
        Route(base + "/words/{digest}/{locale}.json", answer(_words)),
        Route(base + "/plotly/{version}", answer(_plotly)),
        Route(base + "/runtime/{version}/{name}", answer(_runtime_file)),
        Route(model + "/decoder.onnx", answer(_decoder)),
        Route(model + "/encoder.onnx", answer(_encoder)),
        Route(model + "/codes", answer(_codes)),
        *latent_routes.routes(model),
        *projection_routes.routes(model + "/tsne"),
        *ledger_routes.routes(model + "/ledger"),
        *takeaway_routes.routes(model),
        *film_routes.routes(base + "/films/{id}/{version}"),
        WebSocketRoute(model + "/decode", _decode),
        WebSocketRoute(model + "/encode", _encode),
        Route(base + "/datasets/{id}/thumbnails", answer(_thumbnails)),
        Route(base + "/datasets/{id}/names", answer(_names)),
        Route(base + "/datasets/{id}/points", answer(_points)),
        Route(base + "/samples/{name}.png", answer(_sample_card)),
        *operations_routes.routes(base),
    ]


@asynccontextmanager
async def lifespan(app: st.App) -> AsyncIterator[None]:
    """Bring what the first visitor needs, without letting anybody wait for it."""
    logs.configure()  # again: the server has given its loggers handlers since
    log.warning(hosts.check_start())
    stopping.limit()
    threading.Thread(target=_prepare, name="prepare", daemon=True).start()
    threading.Thread(target=_tidy, name="tidy", daemon=True).start()
    threading.Thread(target=_resume, name="resume", daemon=True).start()
    yield


def _prepare() -> None:
    """Each step for itself: what one cannot do must not keep the others from trying."""
    for step in (browser_runtime.install, stored_datasets.store_samples, _open_newest, _export_bundled):
        with workspace.visiting(workspace.SHARED if profiles.present().has_visitors else None):
            try:
                step()
            except (OSError, VAECoreError):
                log.exception("Not prepared: %s", step.__name__)


def _tidy() -> None:
    """At the start and every hour: delete for good what was deleted, or left over, a day ago."""
    while True:
        for step in (workspace.tidy, uploads.tidy, oversight.forget_absent):
            try:
                step()
            except (OSError, VAECoreError):
                log.exception("Not tidied: %s", step.__module__)
        time.sleep(TIDY_SECONDS)


def _resume() -> None:
    """Now and then: let runs go on whose process died, once each."""
    with contextlib.suppress(OSError):
        turns.rebuild()
    while True:
        try:
            runs.resume_interrupted()
        except (OSError, VAECoreError):
            log.exception("Not resumed")
        time.sleep(RESUME_SECONDS)


def _open_newest() -> None:
    """Of the user's own models those that are likely to be looked at first."""
    for id in [id for id in models.titles() if id not in checkpoints.bundled()][:NEWEST]:
        cache.layout(id, checkpoints.version(id))


def _export_bundled() -> None:
    for file in (cache.decoder_file, cache.encoder_file):  # one looks at what the decoder gives first
        for name in checkpoints.bundled():
            file(name, checkpoints.version(name))


def _component_file(request: Request) -> Response:
    path = explorer.component_files().get(request.path_params["name"])
    if path is None:
        return PlainTextResponse(tr("There is no such file."), status_code=404)
    return Response(explorer.compressed(path), media_type=MEDIA_TYPES[path.suffix], headers=FOR_EVER | GZIP)


def _words(request: Request) -> Response:
    locale = request.path_params["locale"]
    spoken = language.catalogue(locale)
    if spoken.digest != request.path_params["digest"]:
        return PlainTextResponse(tr("This language is not spoken here."), status_code=404)
    return Response(spoken.for_browser(locale), media_type="application/json", headers=FOR_EVER)


def _plotly(request: Request) -> Response:
    return Response(plotly_script.compressed(), media_type="text/javascript", headers=FOR_EVER | GZIP)


def _runtime_file(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in browser_runtime.PACKAGES or not browser_runtime.is_installed():
        return PlainTextResponse(tr("The browser runtime is not installed."), status_code=404)
    path = browser_runtime.FOLDER / browser_runtime.version() / f"{name}.gz"
    return FileResponse(path, media_type=MEDIA_TYPES["." + name.rsplit(".", 1)[1]], headers=FOR_EVER | GZIP)


def _decoder(request: Request) -> Response:
    path = cache.decoder_file(request.path_params["id"], request.path_params["version"])
    return FileResponse(path, media_type="application/octet-stream", headers=FOR_EVER)


def _encoder(request: Request) -> Response:
    path = cache.encoder_file(request.path_params["id"], request.path_params["version"])
    return FileResponse(path, media_type="application/octet-stream", headers=FOR_EVER)


def _codes(request: Request) -> Response:
    content = cache.packed_codes(request.path_params["id"], request.path_params["version"])
    return Response(content, media_type="application/octet-stream", headers=FOR_EVER | GZIP)


def _thumbnails(request: Request) -> Response:
    content = cache.packed_thumbnails(request.path_params["id"])
    return Response(content, media_type="application/octet-stream", headers=FOR_EVER | GZIP)


def _names(request: Request) -> Response:
    return JSONResponse(list(cache.dataset(request.path_params["id"]).names), headers=FOR_EVER)


def _points(request: Request) -> Response:
    dataset = cache.dataset(request.path_params["id"])
    if not explorer.is_plane(dataset.schema):
        raise NotFoundError(later("Only rows of two numbers are points in the plane."))
    return Response(served.points(dataset), media_type="application/octet-stream", headers=FOR_EVER)


def _sample_card(request: Request) -> Response:
    return Response(cache.sample_card(request.path_params["name"]), media_type="image/png", headers=FOR_A_DAY)


async def _decode(socket: WebSocket) -> None:
    """float32 [L] in, float32 [C·H·W] out, one answer a message; for what the browser cannot decode itself."""
    await _converse(socket, lambda vae: vae.config.latents + vae.labels, _reconstruct)


async def _encode(socket: WebSocket) -> None:
    """float32 [C·H·W] in (a conditional model's label after it, one-hot), float32 [2 L] out: mean and std."""
    await _converse(socket, lambda vae: math.prod(vae.shape) + vae.labels, _posterior)


async def _converse(
    socket: WebSocket, size: Callable[[VAE], int], answer: Callable[[VAE, torch.Tensor], bytes]
) -> None:
    """An answer a message, in turn, for as long as messages have the right size."""
    if not same_origin(socket):
        await socket.close(code=4403)
        return
    try:
        model = await run_in_threadpool(cache.open_model, socket.path_params["id"], socket.path_params["version"])
    except VAECoreError:
        await socket.close(code=4404)
        return
    await socket.accept()
    expected = 4 * size(model.vae)
    try:
        while True:
            message = (await socket.receive()).get("bytes") or b""
            if socket.client_state == WebSocketState.DISCONNECTED:
                return
            if len(message) != expected:
                await socket.close(code=1003)
                return
            values = torch.nan_to_num(torch.from_numpy(np.frombuffer(message, dtype="<f4").copy()))[None]
            await socket.send_bytes(await asyncio.to_thread(answer, model.vae, values))
    except WebSocketDisconnect:
        return


@torch.inference_mode()
def _reconstruct(vae: VAE, values: torch.Tensor) -> bytes:
    latents, labels = values.split([vae.config.latents, vae.labels], 1)
    return bytes(vae.decode_bounded(latents, labels).numpy().astype("<f4").tobytes())


@torch.inference_mode()
def _posterior(vae: VAE, values: torch.Tensor) -> bytes:
    x, labels = values.split([math.prod(vae.shape), vae.labels], 1)
    posterior = vae.encode(x.unflatten(1, vae.shape), labels)
    return bytes(torch.cat([posterior.mean, posterior.stddev], 1).numpy().astype("<f4").tobytes())
