"""AE against VAE against β-VAE: the lesson most often taught, of the bundled digits or of one's own data."""

import streamlit as st

from pages.ui import state
from pages.ui.language import later, tr
from pages.ui.navigation import page
from pages.ui.sentences import named
from vae_core import runs, stored_datasets
from vae_core.dataset_summary import DatasetSummary
from vae_core.run_config import FEWEST_EXAMPLES, trio

LESSON = later(
    "Three models that differ in their objective alone: how hard their codes are pressed towards N(0, I). Where the "
    "autoencoder's map has holes, what lies in them decodes to nothing known."
)


def offer() -> None:
    """Train the three on a dataset of one's own, and look at them side by side."""
    stored = {about.id: about for about in stored_datasets.list_all() if about.count >= FEWEST_EXAMPLES}
    if not stored:
        return
    with st.expander(tr("Train AE, VAE and β-VAE on a dataset"), icon=":material/model_training:"):
        st.caption(tr(LESSON))
        titles = state.told_apart({id: named(about) for id, about in stored.items()})
        chosen = st.selectbox(tr("On"), list(stored), format_func=lambda id: titles[id], key="trio-dataset")
        if st.button(tr("Train the three"), type="primary", icon=":material/play_arrow:"):
            about = stored[chosen]
            first = state.start_once(f"trio {about.id}", lambda: _begin(about))
            st.switch_page(page("train"), query_params={"run": first})
        st.caption(tr("They are trained one after the other; choose them here when they are done."))


def _begin(about: DatasetSummary) -> str:
    """Starts the three; returns the first one's id."""
    begun = [runs.start(about.name, config).id for config in trio(about.id, about.count, about.schema_)]
    return begun[0]
