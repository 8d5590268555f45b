"""Bundled models to look into at once, and the way to one's own."""

import streamlit as st

from pages.ui import bringing, explorer, gallery, own_workspace
from pages.ui.components.latent_pad import ahead
from pages.ui.language import tr
from pages.ui.navigation import page
from pages.ui.routes import base_path

st.title(tr("See inside a variational autoencoder"))
st.markdown(
    tr(
        "Open a model and **drag**: the decoder redraws while you move. "
        "Or bring your own pictures, train in a minute, and drag through those."
    )
)

st.page_link(page("learn"), label=tr("New to this? Begin with a lesson."))

st.subheader(tr("Ready to explore"))
gallery.show()

st.subheader(tr("Your own pictures"))
allowed = own_workspace.may_bring()
steps = (
    ("data", tr("1. Bring pictures"), tr("A ZIP, several files, or an IDX file. Folders become labels.")),
    ("train", tr("2. Train"), tr("Everything is preset; a small set takes about a minute.")),
    ("explore", tr("3. Drag"), tr("The map of your pictures, and the decoder under your pointer.")),
)
for column, (name, title, text) in zip(st.columns(3), steps if allowed else (), strict=False):
    with column, st.container(border=True):
        st.page_link(page(name), label=f"**{title}**")
        st.caption(text)

if allowed:
    bringing.offer()
own_workspace.show()

ahead(explorer.libraries(base_path()))  # last: what is on this page comes first
