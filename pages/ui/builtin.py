"""Datasets that need no upload: drawn by the program itself."""

import streamlit as st

from pages.ui import state
from pages.ui.language import later, tr
from vae_core import stored_datasets
from vae_core.datasets import SAMPLES

COLUMNS = 4
TITLES = (later("Digits 8×8"), later("Faces 32×32"))
"""Of the core's, those that nobody would take for words: `tr` tells them."""


def offer(base: str) -> None:
    """A card for every built-in set; taking one stores it like an upload.

    Args:
        base: The path of our routes, from where the browser fetches the pictures when it has shown all the rest.
    """
    shut = f"builtin-{state.dataset_id()}"  # another dataset, another expander: what was taken comes into view
    with st.expander(tr("Or take a built-in set"), icon=":material/category:", key=shut):
        for start in range(0, len(SAMPLES), COLUMNS):
            names = list(SAMPLES)[start : start + COLUMNS]
            for column, name in zip(st.columns(COLUMNS), names, strict=False):
                sample = SAMPLES[name]
                with column, st.container(border=True, height="stretch", vertical_alignment="distribute"):
                    with st.container():
                        title = tr(sample.title)
                        glance = tr("A glance at {dataset}", dataset=title)
                        st.markdown(f"![{glance}]({base}/samples/{name}.png)")
                        st.markdown(f"**{title}**")
                        st.caption(tr(sample.description))
                    if st.button(tr("Take it"), key=f"sample-{name}", width="stretch"):
                        with st.spinner(tr("Drawing…")):
                            state.set_dataset_id(stored_datasets.save(sample()))
                        st.rerun()
