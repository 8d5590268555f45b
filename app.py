"""The app: `streamlit run app.py`. Streamlit finds the assignment below by reading this file."""

import os
import sys
from pathlib import Path

# before torch is loaded: a small decode needs one thread, and idle ones must not spin on the cores of others
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("GOMP_SPINCOUNT", "10000")

import streamlit as st

from pages.ui import logs
from pages.ui.routes import lifespan, routes
from pages.ui.web import middleware, visits
from pages.ui.web.hosts import check_start
from vae_core import versions, workspace
from vae_core.errors import VAECoreError

logs.configure()
versions.check()
st.secrets.load_if_toml_exists()  # where a platform has no other place for settings, these become the environment
try:
    check_start()
except VAECoreError as error:
    sys.exit(str(error))
workspace.ask(visits.of_script)
app = st.App(
    Path(__file__).parent / "pages/ui/router.py",
    routes=routes(),
    middleware=middleware(),
    lifespan=lifespan,
)
