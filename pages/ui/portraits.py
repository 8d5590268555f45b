"""The pictures of the gallery. `python -m pages.ui.portraits` draws them anew after a change of what is bundled."""

from collections.abc import Callable

import numpy as np
from PIL import Image

from pages.ui import cache, cards, pictures
from pages.ui.explorer import OpenModel
from pages.ui.gallery import GALLERY, PICTURES, Exhibit, View
from vae_core.files import write_atomically
from vae_core.latents.manifold import manifold

COLUMNS, ROWS = 12, 8
CELLS, FRAME = 7, 6
"""Of a small manifold either way, and the pixels around it."""


def portrait(exhibit: Exhibit) -> bytes:
    """What there is to see in it, three by two, as PNG."""
    if exhibit.view == "side by side":
        return pictures.png(np.concatenate([_map_and_manifold(_opened(id)) for id in exhibit.compared], axis=1))
    if exhibit.view == "traversals":
        return _traversals(_opened(exhibit.name), exhibit.example or 0)
    return DRAWN[exhibit.view](_opened(exhibit.name))


def _opened(id: str) -> OpenModel:
    return cache.newest_model(id)


def _map(model: OpenModel) -> bytes:
    """Where the codes lie."""
    return pictures.png(_scatter(model, cards.WIDTH, cards.HEIGHT))


def _manifold(model: OpenModel) -> bytes:
    """What the places of the map decode to."""
    return pictures.sheet(pictures.as_bytes(manifold(model.vae, ROWS, COLUMNS).numpy()), COLUMNS)


def _samples(model: OpenModel) -> bytes:
    """What samples decode to, of a mixture fitted to the codes."""
    latents = model.checkpoint.sample(ROWS * COLUMNS, "mixture")
    return pictures.sheet(pictures.as_bytes(model.checkpoint.decode(latents)), COLUMNS)


def _traversals(model: OpenModel, example: int) -> bytes:
    """A row a dimension, those that tell most first: one example while only this dimension changes."""
    layout = cache.layout(model.id, model.version)
    rows = len(layout.order)
    columns = rows * 3 // 2
    latents = np.tile(cache.codes(model.id, model.version).mean[example], (rows, columns, 1))
    for row, dimension in zip(latents, layout.order, strict=True):
        low, high = layout.ranges[dimension]
        row[:, dimension] = np.linspace(low, high, columns)
    return pictures.sheet(pictures.as_bytes(model.checkpoint.decode(latents.reshape(rows * columns, -1))), columns)


def _map_and_manifold(model: OpenModel) -> np.ndarray:
    """The one above the other, uint8 [H, W, 4], a third as wide as other pictures."""
    width, half = cards.WIDTH // 3, cards.HEIGHT // 2
    grid = pictures.as_bytes(manifold(model.vae, CELLS, CELLS).numpy())
    below = Image.new("RGBA", (width, half))
    joined = np.concatenate(np.concatenate(grid.reshape(CELLS, CELLS, *grid.shape[1:]), axis=1), axis=1)
    small = pictures.in_colour(joined[None])[0]
    below.paste(Image.fromarray(small).resize((width - 2 * FRAME, half - 2 * FRAME)), (FRAME, FRAME))
    return np.concatenate([_scatter(model, width, half), np.asarray(below)])


def _scatter(model: OpenModel, width: int, height: int) -> np.ndarray:
    codes = cache.codes(model.id, model.version)
    labels = np.zeros(len(codes), dtype=int) if codes.labels is None else codes.labels
    return cards.scatter(codes.mean, labels, width, height)


DRAWN: dict[View, Callable[[OpenModel], bytes]] = {
    "map": _map,
    "manifold": _manifold,
    "samples": _samples,
}


def main() -> None:
    """Draw all of them."""
    PICTURES.mkdir(exist_ok=True)
    for old in PICTURES.iterdir():
        old.unlink()
    for exhibit in GALLERY:
        write_atomically(PICTURES / f"{exhibit.name}.png", portrait(exhibit))


if __name__ == "__main__":
    main()
