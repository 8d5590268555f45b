"""Ways through latent space and concepts of it, for the explorer; all beneath the address of a model's version.

paths?a=…&b=…          GET: the ways from one latent to another, as JSON
path.<gif or png>      GET: the pictures on such a way; ?a=…&b=…&name=…
Neither may be kept: the geodesic is the shortest found in a few seconds, here and now.

concepts               GET: those kept with the model, as JSON; POST: make one of {"name", "group", "other"},
                       the groups as numbers of samples
concepts/<concept>     DELETE: forget one
"""

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from pages.ui import cache, language
from pages.ui.answers import NEVER, answer, same_origin, slow
from pages.ui.language import later, tr
from vae_core import animation, stored_concepts
from vae_core.errors import NotFoundError, VAECoreError
from vae_core.latents.paths import Path

PICTURE_KINDS = {"gif": "image/gif", "png": "image/png"}
LARGEST_QUESTION = 8 * 2**20
"""Bytes: two groups of a million samples between them."""


Number = Annotated[int, Field(ge=-(2**31), lt=2**31)]


class Groups(BaseModel):
    """What a concept is made of."""

    model_config = ConfigDict(strict=True)

    name: str
    group: list[Number]
    other: list[Number]


def routes(model: str) -> list[BaseRoute]:
    """Under the address of a model's version."""
    return [
        Route(model + "/paths", slow(_paths)),
        Route(model + "/path.{kind}", slow(_path_pictures)),
        Route(model + "/concepts", answer(_concepts)),
        Route(model + "/concepts", _add_concept, methods=["POST"]),
        Route(model + "/concepts/{concept}", answer(_remove_concept), methods=["DELETE"]),
    ]


def _found_paths(request: Request) -> list[Path]:
    asked = request.query_params
    return cache.paths(
        request.path_params["id"], request.path_params["version"], asked.get("a", ""), asked.get("b", ""),
        asked.get("label", ""),
    )  # fmt: skip


def _paths(request: Request) -> Response:
    found = {
        path.name: {"latents": path.latents.tolist(), "speed": path.speed.tolist(), "length": path.length}
        for path in _found_paths(request)
    }
    return JSONResponse(found, headers=NEVER)


def _path_pictures(request: Request) -> Response:
    kind, name = request.path_params["kind"], request.query_params.get("name", "linear")
    chosen = next((path for path in _found_paths(request) if path.name == name), None)
    if chosen is None or kind not in PICTURE_KINDS:
        raise NotFoundError(later("There is no such path."))
    model = cache.open_model(request.path_params["id"], request.path_params["version"])
    if len(model.vae.shape) != 3:
        raise NotFoundError(later("A table has no pictures."))
    label = request.query_params.get("label", "")
    labels = np.full(len(chosen.latents), int(label)) if model.vae.labels else None
    pictures = animation.as_bytes(model.checkpoint.decode(chosen.latents, labels))
    content = animation.gif(pictures) if kind == "gif" else animation.strip(pictures)
    name = f'attachment; filename="path-{name}.{kind}"'
    return Response(content, media_type=PICTURE_KINDS[kind], headers=NEVER | {"Content-Disposition": name})


def _concepts(request: Request) -> Response:
    return JSONResponse(told_concepts(request.path_params["id"], request.path_params["version"]), headers=NEVER)


def told_concepts(id: str, version: str) -> list[dict[str, object]]:
    """The concepts kept with a model, as the explorer is told them."""
    found = stored_concepts.listed(id)
    return _told(found, id, version) if found else []


def _told(concepts: Sequence[stored_concepts.StoredConcept], id: str, version: str) -> list[dict[str, object]]:
    """`is_current`: whether one was made from the codes that are shown."""
    shown = stored_concepts.fingerprint(cache.codes(id, version))
    return [one.model_dump() | {"is_current": one.codes == shown} for one in concepts]


async def _add_concept(request: Request) -> Response:
    with language.asked(request.cookies.get(language.COOKIE)):
        return await _added(request)


async def _added(request: Request) -> Response:
    if not same_origin(request):
        return PlainTextResponse(tr("This is for our own pages."), status_code=403)
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_QUESTION:
            return PlainTextResponse(tr("These groups are too large for a concept."), status_code=413)
    try:
        asked = Groups.model_validate_json(body)
    except ValidationError:
        told = tr("A concept is made of a name and two groups of samples.")
        return PlainTextResponse(told, status_code=400)
    try:
        return await run_in_threadpool(_made, request, asked)
    except NotFoundError as error:
        return PlainTextResponse(tr(str(error)), status_code=404)
    except VAECoreError as error:
        return PlainTextResponse(tr(str(error)), status_code=400)


def _made(request: Request, asked: Groups) -> Response:
    id, version = request.path_params["id"], request.path_params["version"]
    codes = cache.codes(id, version)
    group, other = (np.unique(np.array(numbers, dtype=np.int64)) for numbers in (asked.group, asked.other))
    if any(len(one) and (one[0] < 0 or one[-1] >= len(codes)) for one in (group, other)):
        told = later("The model has codes of {count} samples; the groups name others.")
        raise NotFoundError(told.format(count=f"{len(codes):,}"))
    made = stored_concepts.add(id, asked.name, codes, group, other)
    return JSONResponse(_told([made], id, version)[0], status_code=201, headers=NEVER)


def _remove_concept(request: Request) -> Response:
    if not same_origin(request):
        return PlainTextResponse(tr("This is for our own pages."), status_code=403)
    stored_concepts.remove(request.path_params["id"], request.path_params["concept"])
    return Response(status_code=204)
