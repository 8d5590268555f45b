"""The main script: page config, menu, and the page that the address names."""

import streamlit as st

from pages.ui import language
from pages.ui.language import chooser
from pages.ui.navigation import PAGES, icon, page
from pages.ui.sentences import sentences_for_errors

st.set_page_config(page_title="VAE Studio", page_icon=icon(), layout="wide")
language.settle()
current = st.navigation([page(entry.name) for entry in PAGES], position="top")
chooser.show()
sentences_for_errors(current.run)()
