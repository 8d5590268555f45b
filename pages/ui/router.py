"""The main script: page config, menu, and the page that the address names."""

import streamlit as st

from pages.ui.navigation import PAGES, icon, page
from vae_core.errors import VAECoreError

st.set_page_config(page_title="VAE Studio", page_icon=icon(), layout="wide")
current = st.navigation([page(entry.name) for entry in PAGES], position="top")
try:
    current.run()
except VAECoreError as error:
    st.error(str(error), icon=":material/error:")
