"""Train a VAE on a dataset and watch it learn."""

import streamlit as st

from pages.ui import forms, progress, state
from pages.ui.navigation import page
from pages.ui.sentences import sentences_for_errors
from vae_core import runs, stored_datasets
from vae_core.config import TrainConfig
from vae_core.run_config import FEWEST_EXAMPLES, PRESETS, RunConfig, suggested_preset

EXAMPLES = {"image": "pictures", "table": "rows"}
MISSING = "This dataset is not here: it was removed, or the link is wrong. Choose one from the list."

ADVANCED = {
    "model": ("architecture", "likelihood", "prior", "conditional"),
    "train": tuple(name for name in TrainConfig.model_fields if name != "epochs"),
}


def settings(about: stored_datasets.DatasetSummary) -> RunConfig:
    """Preset and settings, as widgets that begin at the preset's values."""
    suggested = suggested_preset(about.schema_)
    names = [name for name, preset in PRESETS.items() if about.schema_.kind in preset.kinds]
    preset = st.selectbox(
        "Preset",
        names,
        index=names.index(suggested),
        format_func=lambda name: f"{PRESETS[name].title}{' (suggested)' if name == suggested else ''}",
        help="\n\n".join(f"**{p.title}**: {p.description}" for p in PRESETS.values()),
        key=f"preset-{about.id}",
    )
    start = PRESETS[preset].run_config(about.id, about.count, about.schema_)
    key = f"{about.id}-{preset}"
    left, middle, right = st.columns(3)
    with left:
        model = forms.edit(start.model, ("latents",), key)
    with middle:
        train = forms.edit(start.train, ("epochs",), key)
    with right:
        objective = forms.choose(RunConfig.model_fields["objective"], start.objective, f"{key}-objective")
    with st.expander("More settings"):
        model |= forms.edit(start.model, ADVANCED["model"], key)
        train |= forms.edit(start.train, ADVANCED["train"], key)
    return start.with_settings({"model": model, "train": train, "objective": objective})


def new_run() -> None:
    """Choose, then start."""
    stored = {about.id: about for about in stored_datasets.list_all()}
    if not stored:
        st.info("There is no dataset yet. Upload some pictures or a table first.", icon=":material/photo_library:")
        st.page_link(page("data"), label="Go to Data")
        return
    titles = {id: f"{about.name} · {about.count:,} {EXAMPLES[about.schema_.kind]}" for id, about in stored.items()}
    chosen = state.choose("Dataset", "dataset", titles, MISSING)
    if chosen is None:
        return
    config = settings(stored[chosen])
    enough = stored[chosen].count >= FEWEST_EXAMPLES
    if not enough:
        st.caption(f"Training needs at least {FEWEST_EXAMPLES} examples, and a good model some hundreds.")
    if st.button("Start training", type="primary", icon=":material/play_arrow:", disabled=not enough):
        state.set_run_id(runs.start(stored[chosen].name, config).id)
        st.rerun()


st.title("Train")
shown = state.run_id()
with st.expander("New run", expanded=shown is None, key=f"new-run-{shown}"):
    new_run()
if shown:
    sentences_for_errors(progress.watch)(shown)
progress.list_all()
