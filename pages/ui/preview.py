"""What a model makes of examples it has not trained on, and where it puts them."""

from typing import Any

import streamlit as st

from pages.ui import cache
from pages.ui.cache import Preview
from pages.ui.language import current, tr
from vae_core.datasets import TableSchema
from vae_core.runs import Run


def show(run: Run, written: str) -> None:
    """Reconstructions beside the map; nothing where there is no preview yet."""
    preview = cache.preview(run.id, written, current())
    if preview is None:
        return
    left, right = st.columns(2)
    with left:
        _reconstructions(run, preview)
    right.plotly_chart(preview.map, key=f"map-{run.id}", config={"displayModeBar": False})


def _reconstructions(run: Run, preview: Preview) -> None:
    """Held-out examples and what the model makes of them: pictures, or rows in original units."""
    if preview.sheet:
        st.caption(tr("Pictures the model has not trained on, and below each its reconstruction"))
        st.image(preview.sheet, width="stretch")
        return
    dataset = cache.dataset_or_none(run.config.dataset_id)
    if dataset and isinstance(dataset.schema, TableSchema):
        st.caption(tr("A row the model has not trained on, and its reconstruction"))
        row, again = (dataset.schema.to_original(x[:1]) for x in (preview.originals, preview.reconstructions))
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
