"""What a model makes of examples it has not trained on, and where it puts them."""

from typing import Any

import numpy as np
import safetensors
import safetensors.numpy
import streamlit as st

from pages.ui import cache, explorer, figures, pictures
from pages.ui.language import tr
from vae_core.datasets import Dataset, TableSchema
from vae_core.runs import Run


def show(run: Run) -> None:
    """Reconstructions beside the map; nothing where there is no preview yet."""
    try:
        arrays = safetensors.numpy.load_file(run.directory.preview)
    except (OSError, safetensors.SafetensorError):
        return
    dataset = cache.dataset_or_none(run.config.dataset_id)
    left, right = st.columns(2)
    with left:
        _reconstructions(arrays["originals"], arrays["reconstructions"], dataset)
    with right:
        names = dataset.label_names if dataset else ()
        groups = explorer.map_groups(names)
        of_code = (
            np.array(groups["of_label"])[arrays["labels"]] if names else np.zeros(len(arrays["labels"]), dtype=int)
        )
        st.plotly_chart(
            figures.code_map(arrays["codes"], of_code, groups["names"]),
            key=f"map-{run.id}",
            config={"displayModeBar": False},
        )


def _reconstructions(originals: np.ndarray, reconstructions: np.ndarray, dataset: Dataset | None) -> None:
    """Held-out examples and what the model makes of them: pictures, or rows in original units."""
    if originals.ndim == 4:
        st.caption(tr("Pictures the model has not trained on, and below each its reconstruction"))
        both = np.concatenate([pictures.as_bytes(originals), pictures.as_bytes(reconstructions)])
        st.image(pictures.inline(pictures.sheet(both, len(originals))), width="stretch")
    elif dataset and isinstance(dataset.schema, TableSchema):
        st.caption(tr("A row the model has not trained on, and its reconstruction"))
        row, again = (dataset.schema.to_original(x[:1]) for x in (originals, reconstructions))
        st.dataframe(
            [
                {tr("column"): name, tr("row"): _cell(row[name][0]), tr("reconstruction"): _cell(again[name][0])}
                for name in row
            ],
            hide_index=True,
            height=380,
        )


def _cell(value: Any) -> str:
    return value if isinstance(value, str) else f"{value:.4g}"
