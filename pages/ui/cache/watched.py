"""What a run shows of itself, drawn once for all who watch it: a figure takes longer to make than to send.

Every key holds what tells that the run has written since (`RunDirectory.written`), and the language of the words.
"""

from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
import safetensors
import safetensors.numpy

from pages.ui import explorer, figures, pictures
from pages.ui.cache.data import dataset_or_none
from pages.ui.cache.owned import of_run
from vae_core import runs
from vae_core.records import EpochRecord


@dataclass(frozen=True, eq=False)
class Preview:
    """What a model makes of examples it has not trained on.

    Attributes:
        originals: The examples, as a model takes them.
        reconstructions: What it makes of them.
        sheet: Of pictures: both, one row below the other, as a data address; else empty.
        map: Where it puts a probe set.
    """

    originals: np.ndarray
    reconstructions: np.ndarray
    sheet: str
    map: go.Figure


@of_run(32)
def history(id: str, written: str) -> tuple[EpochRecord, ...]:
    """Its finished epochs."""
    return tuple(runs.get(id).directory.read_epochs())


@of_run(32)
def curves(id: str, written: str, locale: str) -> dict[str, go.Figure]:
    """The terms of its loss over the epochs, a figure each, by name; and of several latents, where the nats are."""
    config, records = runs.get(id).config, history(id, written)
    if config.objective.is_deterministic:
        return {"reconstruction_loss": figures.loss_curve(records, "reconstruction_loss", marked=True)}
    drawn: dict[str, go.Figure] = {
        term: figures.loss_curve(records, term, marked=term == "negative_elbo") for term in figures.TERMS
    }
    if config.model.latents > 2:
        drawn["dimensions"] = figures.kl_by_dimension(records)
    return drawn


@of_run(32)
def preview(id: str, written: str, locale: str) -> Preview | None:
    """Its reconstructions and its map; none where it has written none yet."""
    run = runs.get(id)
    try:
        arrays = safetensors.numpy.load_file(run.directory.preview)
    except (OSError, safetensors.SafetensorError):
        return None
    found = dataset_or_none(run.config.dataset_id)
    originals, reconstructions, labels = arrays["originals"], arrays["reconstructions"], arrays["labels"]
    sheet = ""
    if originals.ndim == 4:
        both = np.concatenate([pictures.as_bytes(originals), pictures.as_bytes(reconstructions)])
        sheet = pictures.inline(pictures.sheet(both, len(originals)))
    groups = explorer.map_groups(found.label_names if found else ())
    of_code = np.array(groups["of_label"])[labels] if found and found.label_names else np.zeros(len(labels), dtype=int)
    return Preview(originals, reconstructions, sheet, figures.code_map(arrays["codes"], of_code, groups["names"]))
