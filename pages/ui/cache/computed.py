"""Results of long computations, which are done."""

import json

import streamlit as st

from vae_core import computations
from vae_core.anomalies import Judged
from vae_core.computations import Request
from vae_core.measuring import Measures


@st.cache_resource(max_entries=32, show_spinner=False)
def measures(id: str, version: str, options: str) -> Measures:
    """What was found by measuring, which is done.

    Raises:
        NotFoundError: if it is not, or the model is of another version.
    """
    request = Request(kind="measures", checkpoint_id=id, version=version, options=json.loads(options))
    return Measures.model_validate_json(computations.result(request).read_bytes())


@st.cache_resource(max_entries=16, show_spinner=False)
def anomalies(id: str, version: str, options: str) -> Judged:
    """Anomaly scores, which are computed.

    Raises:
        NotFoundError: if they are not, or the model is of another version.
    """
    request = Request(kind="anomalies", checkpoint_id=id, version=version, options=json.loads(options))
    return Judged.from_bytes(computations.result(request).read_bytes())
