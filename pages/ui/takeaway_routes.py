"""What one takes away of a model, beneath the address of its version.

explorer.html    the explorer as one file
model.zip        checkpoint, ONNX, codes, card, notebook
model.ipynb      the notebook alone
"""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from pages.ui import cache, one_file, whole_model
from pages.ui.answers import NEVER, answer, slow
from pages.ui.explorer import Layout, OpenModel
from pages.ui.latent_routes import told_concepts
from vae_core.card import notebook
from vae_core.datasets import Dataset
from vae_core.latents.codes import Codes


def routes(model: str) -> list[BaseRoute]:
    """Under the address of a model's version."""
    return [
        Route(model + "/explorer.html", slow(_explorer)),
        Route(model + "/model.zip", slow(_archive)),
        Route(model + "/model.ipynb", answer(_notebook)),
    ]


def _explorer(request: Request) -> Response:
    id, version = _asked(request)
    content = one_file.page(*_model(id, version), _halves(id, version), told_concepts(id, version))
    return _saved(content, "text/html", "explorer.html")


def _archive(request: Request) -> Response:
    id, version = _asked(request)
    content = whole_model.archive(*_model(id, version), _halves(id, version))
    return _saved(content, "application/zip", "model.zip")


def _notebook(request: Request) -> Response:
    id, version = _asked(request)
    content = notebook(cache.open_model(id, version).checkpoint, cache.layout(id, version).start)
    return _saved(content.encode(), "application/x-ipynb+json", "model.ipynb")


def _asked(request: Request) -> tuple[str, str]:
    return request.path_params["id"], request.path_params["version"]


def _model(id: str, version: str) -> tuple[OpenModel, Codes, Layout, Dataset | None]:
    """A model, its codes, where they lie, and their examples where these are in the workspace."""
    codes = cache.codes(id, version)
    dataset = cache.dataset_or_none(codes.dataset_id)
    return cache.open_model(id, version), codes, cache.layout(id, version), dataset


def _halves(id: str, version: str) -> Mapping[str, bytes]:
    halves = {"decoder": cache.decoder_file(id, version).read_bytes()}
    if cache.open_model(id, version).vae.has_encoder:
        halves["encoder"] = cache.encoder_file(id, version).read_bytes()
    return halves


def _saved(content: bytes, kind: str, name: str) -> Response:
    """An answer that a browser keeps as a file."""
    return Response(content, media_type=kind, headers=NEVER | {"Content-Disposition": f'attachment; filename="{name}"'})
