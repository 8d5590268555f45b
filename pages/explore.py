"""Drag through a model's latent space and watch the decoder."""

import streamlit as st

from pages.ui import cache, explorer, models, state
from pages.ui.components.latent_pad import latent_pad
from pages.ui.navigation import page
from pages.ui.routes import base_path


def choose_model() -> str | None:
    """The model of the address, or the first there is."""
    titles = models.titles()
    wanted = state.model_id()
    if not titles:
        return wanted
    if wanted and wanted not in titles:
        cache.open_model(wanted)  # says what is wrong with the link
    ids = list(titles)
    chosen = st.selectbox(
        "Model",
        ids,
        index=ids.index(wanted) if wanted else 0,
        format_func=lambda id: titles[id],
        label_visibility="collapsed",
    )
    state.set_model_id(chosen)
    return chosen


@st.fragment
def explore(model: cache.OpenModel) -> None:
    """The live part; releasing the point reruns nothing else."""
    with st.spinner("Placing the pictures on the map…"):
        codes = cache.codes(model.id)
    dataset = cache.dataset(codes.dataset_id) if cache.has_dataset(codes.dataset_id) else None
    data = explorer.describe(model, codes, cache.plane(model.id, model.version), dataset, base_path())
    start = state.point(model.vae.config.latents) or [0.0] * model.vae.config.latents
    released = latent_pad(data | {"z": start}, key=f"pad-{model.id}")
    if released and len(released) == model.vae.config.latents:
        state.set_point(released)


left, right = st.columns([2, 3], vertical_alignment="center")
with left:
    chosen = choose_model()
if chosen is None:
    st.info(
        "There is no model yet. Upload pictures and train one; it takes a minute or two.", icon=":material/explore:"
    )
    st.page_link(page("data"), label="Go to Data")
else:
    model = cache.open_model(chosen)
    with right:
        st.caption(models.facts(model.checkpoint))
    explore(model)
