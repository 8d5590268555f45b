"""The app: `streamlit run app.py`. Streamlit finds the assignment below by reading this file."""

from pathlib import Path

import streamlit as st

from pages.ui.routes import lifespan, routes

app = st.App(Path(__file__).parent / "pages/ui/router.py", routes=routes(), lifespan=lifespan)
