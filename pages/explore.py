"""Drag through a model's latent space and watch the decoder."""

import streamlit as st

from pages.ui import cache, explorer, models, state
from pages.ui.components.latent_pad import ahead, latent_pad
from pages.ui.language import later, tr
from pages.ui.navigation import page
from pages.ui.routes import base_path
from pages.ui.sentences import sentences_for_errors
from vae_core import checkpoints

MISSING = later("This model is not here: it was removed, or the link is wrong. Choose one from the list.")

NEWER_SECONDS = 3


@st.fragment
@sentences_for_errors
def explore(model: explorer.OpenModel) -> None:
    """The live part; releasing the point reruns nothing else."""
    with st.spinner(tr("Placing the pictures on the map…")):
        codes = cache.codes(model.id, model.version)
        layout = cache.layout(model.id, model.version)
    data = explorer.describe(model, codes, layout, cache.dataset_or_none(codes.dataset_id), base_path())
    key = f"pad-{model.id}-{model.version}"
    start = {
        "z": state.point(model.vae.config.latents) or layout.start,
        "label": state.label(model.vae.labels),
        "view": state.view(),
        "longest_view": state.LONGEST_VIEW,
        "largest_latent": state.LARGEST_LATENT,
        "turn": state.turn(key),
    }
    latent_pad(data | start, key=key, on_release=state.keep_point(model.id, key))


@st.fragment(run_every=NEWER_SECONDS)
@sentences_for_errors
def newer(shown: explorer.OpenModel) -> None:
    """While a model is in training: a way to its newest epoch, which never comes by itself under one's hands."""
    if checkpoints.version(shown.id) != shown.version:
        if st.button(tr("The training has gone on: show its newest epoch"), icon=":material/update:"):
            st.rerun()
    elif models.is_in_training(shown.id):
        st.caption(tr("Still in training; its next epochs are offered here."))


titles = models.titles()
if not titles:
    st.info(
        tr("There is no model yet. Upload pictures and train one; it takes a minute or two."), icon=":material/explore:"
    )
    st.page_link(page("data"), label=tr("Go to Data"))
else:
    ahead(explorer.libraries(base_path()))
    left, right = st.columns([2, 3], vertical_alignment="center")
    with left:
        chosen = state.choose("model", titles, tr(MISSING), hide_label=True)
    if chosen:
        model = cache.newest_model(chosen)
        with right:
            st.caption(" · ".join(filter(None, (models.facts(model.checkpoint), models.origin(chosen)))))
        if models.is_in_training(chosen):
            newer(model)
        explore(model)
