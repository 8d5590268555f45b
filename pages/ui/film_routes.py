"""The film of a run, for its page; all beneath the address of the film's version.

arrays                 places of the probe set, lifts from the map to latents, groups: see `films.arrays`
sheets/<epoch>.png     the manifold decoded by that epoch's decoder; ?label=… of a conditional model
decoder.onnx           the decoder without weights, one for all epochs
weights/<epoch>        the weights of that epoch's decoder, float16
film.gif               map, manifold and curve of all frames
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from pages.ui import cache, films
from pages.ui.answers import FOR_EVER, NEVER, answer, slow
from pages.ui.films import OpenFilm
from pages.ui.language import later
from vae_core import export
from vae_core.errors import NotFoundError
from vae_core.film.frames import GONE

BINARY = "application/octet-stream"


def routes(film: str) -> list[BaseRoute]:
    """Under the address of a film's version."""
    return [
        Route(film + "/arrays", answer(_arrays)),
        Route(film + "/sheets/{epoch:int}.png", answer(_sheet)),
        Route(film + "/decoder.onnx", answer(_graph)),
        Route(film + "/weights/{epoch:int}", answer(_weights)),
        Route(film + "/film.gif", slow(_gif)),
    ]


def _film(request: Request) -> OpenFilm:
    return cache.film(request.path_params["id"], request.path_params["version"])


def _epoch(request: Request, film: OpenFilm) -> int:
    epoch = int(request.path_params["epoch"])
    if epoch not in film.aligned.epochs:
        raise NotFoundError(GONE)
    return epoch


def _label(request: Request, film: OpenFilm) -> int:
    text, labels = request.query_params.get("label", "0"), film.model.vae.labels
    if not (text.isascii() and text.isdigit() and len(text) < 7 and int(text) < max(labels, 1)):
        raise NotFoundError(later("This model wants the number of one of its labels."))
    return int(text)


def _arrays(request: Request) -> Response:
    return Response(films.arrays(_film(request)), media_type=BINARY, headers=FOR_EVER)


def _sheet(request: Request) -> Response:
    film = _film(request)
    if not films.cells(film):
        raise NotFoundError(later("A table has no pictures."))
    content = cache.film_sheet(film.id, film.version, _epoch(request, film), _label(request, film))
    return Response(content, media_type="image/png", headers=FOR_EVER)


def _graph(request: Request) -> Response:
    film = _film(request)
    content = export.film_decoder(film.reel.decoder, film.model.vae)
    return Response(content, media_type=BINARY, headers=FOR_EVER)


def _weights(request: Request) -> Response:
    film = _film(request)
    content = films.weights(film, film.reel.read(_epoch(request, film)))
    return Response(content, media_type=BINARY, headers=FOR_EVER)


def _gif(request: Request) -> Response:
    film = _film(request)
    content = films.gif(film, _label(request, film))
    name = {"Content-Disposition": 'attachment; filename="film.gif"'}
    return Response(content, media_type="image/gif", headers=NEVER | name)
