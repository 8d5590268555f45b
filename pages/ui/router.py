"""The main script: page config, menu, and the page that the address names."""

import streamlit as st

from pages.ui.navigation import PAGES, icon, page
from pages.ui.sentences import sentences_for_errors

st.set_page_config(page_title="VAE Studio", page_icon=icon(), layout="wide")
current = st.navigation([page(entry.name) for entry in PAGES], position="top")
sentences_for_errors(current.run)()
