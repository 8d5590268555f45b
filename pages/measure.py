"""Numbers one can trust: how good a model is on a dataset, with intervals, and where each number misleads."""

import streamlit as st

from pages.ui import cache, measures, models, state, takeaway
from pages.ui.computing import result_of
from pages.ui.language import later, tr
from pages.ui.navigation import page
from pages.ui.sentences import sentences_for_errors

NO_MODEL = later("This model is not here: it was removed, or the link is wrong. Choose one from the list.")
NO_DATASET = later(
    "This dataset is not here, or is not of the kind that the model was trained on. Choose one from the list."
)
CODES = {
    "active": later("Posterior means, active dimensions"),
    "all": later("Posterior means, all dimensions"),
    "samples": later("Samples of the posteriors"),
}
PARTS = {
    "validation": later("Held-out examples"),
    "training": later("Training examples"),
    "all": later("All examples"),
}


@sentences_for_errors
def measure(id: str) -> None:
    """One model on a dataset that is chosen."""
    model = cache.newest_model(id)
    st.caption(models.facts(model.checkpoint))
    fitting = measures.fitting(model.checkpoint)
    if not fitting:
        st.info(
            tr("The dataset of this model is not in the workspace, and no other fits it. Upload it again to measure."),
            icon=":material/photo_library:",
        )
        st.page_link(page("data"), label=tr("Go to Data"))
        return
    own = model.checkpoint.config.dataset_id
    if own not in fitting:
        st.info(
            tr(
                "The dataset of this model is not in the workspace. On another one nothing was held out from its "
                "training."
            ),
            icon=":material/info:",
        )
    left, middle, right = st.columns(3)
    with left:
        titles = measures.titles(fitting)
        dataset = state.choose("dataset", titles, tr(NO_DATASET), otherwise=own, beside={"model": id})
    if dataset is None:
        return
    with middle:
        kept = {"model": id, "dataset": dataset}
        parts = PARTS if dataset == own else {"all": PARTS["all"]}  # of other data nothing was learnt or held out
        parts = {name: tr(title) for name, title in parts.items()}
        part = state.choose("part", parts, tr("There is no such part."), beside=kept)
    with right:
        code: str | None = "active"
        if cache.dataset(dataset).factors is not None:
            beside = kept | {"part": part or "validation"}
            codes = {name: tr(title) for name, title in CODES.items()}
            code = state.choose("code", codes, tr("There is no such code."), beside=beside)
    if part is None or code is None:
        return
    request = measures.request(model, dataset, part, code)
    told = tr(
        "Every measure that applies, on at most 10,000 examples. It takes about a minute, once: the result is kept."
    )
    if result_of(request, tr("Measure"), told):
        found = cache.measures(*measures.key(request))
        measures.show(model, found)
        takeaway.offer(model, measures.name_and_count(fitting[dataset]), found)


st.title(tr("Measure"))
titles = models.titles()
if titles:
    chosen = state.choose("model", titles, tr(NO_MODEL))
    if chosen:
        measure(chosen)
else:
    st.info(tr("There is no model yet. Train one first; it takes a minute or two."), icon=":material/model_training:")
    st.page_link(page("train"), label=tr("Go to Train"))
