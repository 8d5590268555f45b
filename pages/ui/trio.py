"""AE against VAE against β-VAE: the lesson most often taught, of the bundled digits or of one's own data."""

import streamlit as st

from pages.ui.navigation import page
from vae_core import runs, stored_datasets
from vae_core.run_config import FEWEST_EXAMPLES, trio

LESSON = (
    "Three models that differ in one thing only: how hard their codes are pressed towards N(0, I). Where the "
    "autoencoder's map has holes, what lies in them decodes to nothing known."
)


def offer() -> None:
    """Train the three on a dataset of one's own, and look at them side by side."""
    stored = {about.id: about for about in stored_datasets.list_all() if about.count >= FEWEST_EXAMPLES}
    if not stored:
        return
    with st.expander("Train AE, VAE and β-VAE on a dataset", icon=":material/model_training:"):
        st.caption(LESSON)
        chosen = st.selectbox("On", list(stored), format_func=lambda id: stored[id].name, key="trio-dataset")
        if st.button("Train the three", type="primary", icon=":material/play_arrow:"):
            about = stored[chosen]
            begun = [runs.start(about.name, config).id for config in trio(about.id, about.count, about.schema_)]
            st.switch_page(page("train"), query_params={"run": begun[0]})
        st.caption("They are trained one after the other; choose them here when they are done.")
