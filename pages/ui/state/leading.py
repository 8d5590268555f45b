"""Where the address leads: whatever it held goes, but for the language."""

from collections.abc import Mapping

import streamlit as st

from pages.ui.language.session import PARAMETER


def lead_to(parameters: Mapping[str, str]) -> None:
    """Put these into the address, and nothing else."""
    spoken = st.query_params.get(PARAMETER)
    st.query_params.from_dict(({PARAMETER: spoken} if spoken else {}) | dict(parameters))
