"""What the film's page needs of a run, as plain arrays and JSON. No Streamlit."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from pages.ui import browser_runtime, explorer
from pages.ui.explorer import OpenModel
from pages.ui.figures import MOST_DIMENSIONS, MOST_EPOCHS, thinned
from pages.ui.language import tr
from vae_core import animation
from vae_core.errors import ReplacedError
from vae_core.film import AlignedFilm, Frame, Reel, align
from vae_core.film.aligned import decoder_of
from vae_core.film.frames import GONE, PROBE_EXAMPLES, decoder_state, frame_bytes, lacking, most_frames
from vae_core.film.picture import Drawn, draw, milliseconds
from vae_core.records import EpochRecord
from vae_core.runs import Run

CELLS = ((32, 12), (64, 8), (128, 6))
"""(pictures up to this side, cells of the manifold either way)."""
LARGEST_CELL = 64
"""Pixels; larger pictures are halved."""


@dataclass(frozen=True, eq=False)
class OpenFilm:
    """A film as it stood at a version.

    Attributes:
        id: The run's.
        version: Of the reel.
        reel: Where the frames lie.
        model: The run's model, whose settings the frames share.
        aligned: The frames on one map.
        labels: int32 [n] of the probe set.
        records: Of all finished epochs.
    """

    id: str
    version: str
    reel: Reel
    model: OpenModel
    aligned: AlignedFilm
    labels: np.ndarray
    records: tuple[EpochRecord, ...]

    @property
    def groups(self) -> dict[str, list[Any]]:
        """How the probe set is coloured."""
        return explorer.map_groups(self.model.checkpoint.label_names)


def open_film(run: Run, version: str, reel: Reel, model: OpenModel) -> OpenFilm:
    """Read and align all frames of finished epochs.

    Raises:
        NotFoundError: if there is none yet.
    """
    records = run.directory.read_epochs()
    frames = reel.read_all(len(records))
    if not frames:
        raise ReplacedError(GONE)
    config = model.checkpoint.config.model
    is_normal = config.prior.name == "standard" and not model.vae.is_deterministic
    labels = reel.labels(len(frames[-1].codes))
    return OpenFilm(run.id, version, reel, model, align(frames, is_normal), labels, tuple(records))


def why_none(model: OpenModel, examples: int | None) -> str:
    """Why a run has no film; `examples` is the size of its dataset, if that is here."""
    size = frame_bytes(model.vae, min(examples or PROBE_EXAMPLES, PROBE_EXAMPLES))
    if most_frames(size) < 2:
        return tr(
            "A frame of this model would take {size} MB, which is too much for a film of it.", size=f"{size / 1e6:.0f}"
        )
    return tr(
        "This run has no film: it was trained before there were films. Runs made from now on keep one; train one."
    )


def cells(film: OpenFilm) -> int:
    """Of the manifold, either way; 0 where examples are no pictures."""
    shape = film.model.vae.shape
    return next((count for side, count in CELLS if shape[-1] <= side), CELLS[-1][1]) if len(shape) == 3 else 0


@torch.inference_mode()
def sheet(film: OpenFilm, epoch: int, label: int) -> np.ndarray:
    """The manifold of an epoch uint8 [H, W, C], its cells side by side.

    Raises:
        NotFoundError: if that epoch has no frame any more.
    """
    frame, count = film.reel.read(epoch), cells(film)
    vae = decoder_of(film.model.checkpoint, frame)
    z = torch.from_numpy(film.aligned.grid(film.aligned.epochs.index(epoch), count))
    told = torch.full((len(z),), label) if vae.labels else None
    pictures = animation.as_bytes(vae.decode_bounded(z, told).numpy())  # [cells², H, W, C]
    if pictures.shape[1] > LARGEST_CELL:
        pictures = pictures[:, ::2, ::2]
    _, height, width, channels = pictures.shape
    rows = pictures.reshape(count, count, height, width, channels).transpose(0, 2, 1, 3, 4)
    return np.ascontiguousarray(rows.reshape(count * height, count * width, channels))


def arrays(film: OpenFilm) -> bytes:
    """Places float32 [F, n, 2], lifts float32 [F, 3, L], groups int32 [n], one after another."""
    of_label = np.array(film.groups["of_label"])
    parts = [part.astype("<f4").tobytes() for part in (film.aligned.places, film.aligned.lifts)]
    return b"".join([*parts, of_label[film.labels].astype("<i4").tobytes()])


def weights(film: OpenFilm, frame: Frame) -> bytes:
    """All weights of a frame's decoder, float16, in the order in which `describe` names them."""
    return b"".join(frame.weights[name].numpy().astype("<f2").tobytes() for name in decoder_state(film.model.vae))


def gif(film: OpenFilm, label: int) -> bytes:
    """The whole film, drawn."""
    sheets = [sheet(film, epoch, label) for epoch in film.aligned.epochs] if cells(film) else []
    groups = np.array(film.groups["of_label"])[film.labels]
    loss = "Reconstruction loss" if film.model.vae.is_deterministic else "-ELBO"  # Pillow's font has no minus
    pictures = draw(Drawn(film.aligned, groups, sheets, film.records, loss))
    return animation.gif(pictures, back=False, milliseconds=milliseconds(len(pictures)))


def describe(film: OpenFilm, base: str) -> dict[str, Any]:
    """What the component needs to know; everything large is an address under `base`."""
    here = f"{base}/films/{film.id}/{film.version}"
    vae, libraries = film.model.vae, explorer.libraries(base)
    state = decoder_state(vae)
    return (
        libraries
        | explorer.component("film", base)
        | {
            "run": film.id,
            "version": film.version,
            "epochs": list(film.aligned.epochs),
            "count": len(film.labels),
            "latents": vae.config.latents,
            "shape": list(vae.shape),
            "arrays": f"{here}/arrays",
            "sheets": f"{here}/sheets/" if cells(film) else None,
            "gif": f"{here}/film.gif",
            "reach": film.aligned.reach,
            "groups": film.groups["names"],
            "conditions": list(film.model.checkpoint.label_names) if vae.labels else [],
            "decoder": {
                "graph": f"{here}/decoder.onnx",
                "weights": f"{here}/weights/",
                "names": list(state),
                "shapes": [list(tensor.shape) for tensor in state.values()],
                "why_not": _why_not(film),
            },
            "kl": _kl(film),
            "curves": _curves(film),
            "lacking": lacking(film.aligned.epochs, len(film.records), _most(film)),
        }
    )


def _why_not(film: OpenFilm) -> str:
    if len(film.model.vae.shape) != 3:
        return tr("Rows of a table are no pictures; Explore decodes them.")
    return explorer.why_server(film.model.vae.decoder, "decoder", browser_runtime.is_installed())


def _most(film: OpenFilm) -> int:
    return most_frames(frame_bytes(film.model.vae, len(film.labels)))


def _kl(film: OpenFilm) -> dict[str, Any] | None:
    """Validation KL in nats of every frame and dimension, of very many those that hold most in the end."""
    if film.model.vae.is_deterministic:
        return None
    kl = np.array([film.records[epoch - 1].validation.kl_per_dimension for epoch in film.aligned.epochs])
    shown = np.sort(np.argsort(-kl[-1], kind="stable")[:MOST_DIMENSIONS])
    return {"dimensions": (shown + 1).tolist(), "nats": kl[:, shown].round(5).tolist()}


def _curves(film: OpenFilm) -> dict[str, Any]:
    """Terms over the epochs, in nats an example; where there are very many epochs, of evenly chosen ones and frames."""
    records = {record.epoch: record for record in thinned(film.records, MOST_EPOCHS)}
    records |= {epoch: film.records[epoch - 1] for epoch in film.aligned.epochs}
    chosen = [records[epoch] for epoch in sorted(records)]
    return {"epochs": [record.epoch for record in chosen], "lines": _lines(chosen, film.model.vae.is_deterministic)}


def _lines(records: Sequence[EpochRecord], is_deterministic: bool) -> list[dict[str, Any]]:
    terms = [(tr("Reconstruction loss"), lambda terms: terms.reconstruction_loss)]
    if not is_deterministic:
        terms = [("−ELBO", lambda terms: -terms.elbo), *terms, ("KL", lambda terms: terms.kl)]
    return [
        {"name": name, **{part: [round(of(getattr(r, part)), 4) for r in records] for part in ("train", "validation")}}
        for name, of in terms
    ]
