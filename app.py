"""The app: `streamlit run app.py`. Streamlit finds the assignment below by reading this file."""

import os
from pathlib import Path

# before torch is loaded: a small decode needs one thread, and idle ones must not spin on the cores of others
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("GOMP_SPINCOUNT", "10000")

import streamlit as st
from starlette.middleware import Middleware

from pages.ui import logs
from pages.ui.operations import LocalMetrics
from pages.ui.routes import lifespan, routes
from pages.ui.upload_limits import UploadLimits
from vae_core import versions

logs.configure()
versions.check()
app = st.App(
    Path(__file__).parent / "pages/ui/router.py",
    routes=routes(),
    middleware=[Middleware(LocalMetrics), Middleware(UploadLimits)],
    lifespan=lifespan,
)
