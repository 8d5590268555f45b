"""Bundled models to look into at once, and the way to one's own."""

import streamlit as st

from pages.ui import bringing, cache, explorer, models, trio
from pages.ui.components.latent_pad import ahead
from pages.ui.navigation import page
from pages.ui.routes import base_path
from vae_core import checkpoints

GRID = 12


st.title("See inside a variational autoencoder")
st.markdown(
    "Open a model and **drag**: the decoder redraws while you move. "
    "Or bring your own pictures, train in a minute, and drag through those."
)

st.subheader("Ready to explore")
bundled = [id for id in checkpoints.bundled() if id == "digits-2d" or id not in models.BUNDLED_TRIO]
*columns, last = st.columns(max(len(bundled) + 1, 3))
for column, id in zip(columns, bundled, strict=False):
    with column, st.container(border=True):
        st.image(cache.portrait(id, checkpoints.version(id), GRID), width="stretch", output_format="PNG")
        st.markdown(f"**{models.BUNDLED_TITLES.get(id, id)}**")
        if st.button("Explore", key=f"open-{id}", type="primary", width="stretch"):
            st.switch_page(page("explore"), query_params={"model": id})

with last, st.container(border=True):
    for column, id in zip(st.columns(3), models.BUNDLED_TRIO, strict=True):
        column.image(cache.portrait(id, checkpoints.version(id), GRID), width="stretch", output_format="PNG")
    st.markdown("**AE against VAE against β-VAE**")
    st.caption(trio.LESSON)
    if st.button("Compare", type="primary", width="stretch"):
        st.switch_page(page("compare"), query_params={"models": ",".join(models.BUNDLED_TRIO)})

st.subheader("Your own pictures")
steps = (
    ("data", "1. Bring pictures", "A ZIP, several files, or an IDX file. Folders become labels."),
    ("train", "2. Train", "Everything is preset; a small set takes about a minute."),
    ("explore", "3. Drag", "The map of your pictures, and the decoder under your pointer."),
)
for column, (name, title, text) in zip(st.columns(3), steps, strict=True):
    with column, st.container(border=True):
        st.page_link(page(name), label=f"**{title}**")
        st.caption(text)

bringing.offer()

ahead(explorer.libraries(base_path()))  # last: what is on this page comes first
