"""A dataset of pictures, looked at from several sides."""

import numpy as np
import streamlit as st

from pages.ui import cache, figures, pictures, preparation
from pages.ui.language import tr, trn
from pages.ui.sentences import escape, sentences_for_errors
from vae_core.dataset_summary import DatasetSummary
from vae_core.datasets.pictures.inspection import Inspection

PICTURE_PIXELS = 60  # about the width of a picture on the contact sheet of a small set
BLANKS_A_ROW = 20


def show(about: DatasetSummary) -> None:
    """Contact sheet, preparation, statistics, and what was skipped."""
    skipped = about.origin.skipped_count
    names = [tr("Pictures"), tr("Preparation"), tr("Statistics")]
    if skipped:
        names.append(tr("Skipped ({count})", count=f"{skipped:,}"))
    sheet, prepared, statistics, *rest = st.tabs(names)
    with sheet:
        _contact_sheet(about)
    with prepared:
        if about.upload:
            preparation.edit(about)
        else:
            st.caption(tr("This set can be had at just this size: the files it came from are not here."))
    with statistics:
        _statistics(about)
    for tab in rest:
        with tab:
            _skipped(about)


@st.fragment
@sentences_for_errors
def _contact_sheet(about: DatasetSummary) -> None:
    counts = cache.label_counts(about.id)
    labels = {cache.SHUFFLED: tr("All, shuffled"), cache.IN_ORDER: tr("All, in order")} | {
        k: f"{name} ({counts[k]:,})" for k, name in enumerate(about.label_names)
    }
    left, right = st.columns([2, 3], vertical_alignment="bottom")
    label = left.selectbox(tr("Show"), list(labels), format_func=labels.__getitem__, key=f"label-{about.id}")
    shown = about.count if label < 0 else counts[label]
    columns = cache.sheet_columns(about.id)
    pages = max(-(-shown // (columns * cache.SHEET_ROWS)), 1)
    with right:
        number = st.pagination(pages, key=f"page-{about.id}-{label}") if pages > 1 else 1
    png = cache.contact_sheet(about.id, label, number - 1)
    st.image(pictures.inline(png), width="stretch" if shown >= columns else shown * PICTURE_PIXELS)


def _statistics(about: DatasetSummary) -> None:
    with st.spinner(tr("Looking at every picture…")):
        facts = cache.inspection(about.id)
    if about.label_names:
        _heading(tr("Pictures of every label"))
        st.plotly_chart(
            figures.class_counts(about.label_names, cache.label_counts(about.id)),
            key=f"labels-{about.id}",
            config={"displayModeBar": False},
        )
    left, right = st.columns(2)
    with left:
        _heading(tr("Pixel values"))
        histogram = figures.histograms(np.array(facts.histogram))
        st.plotly_chart(histogram, key=f"values-{about.id}", config={"displayModeBar": False})
        names = [""] if len(facts.mean) == 1 else [f"{colour}: " for colour in (tr("red"), tr("green"), tr("blue"))]
        values = zip(names, facts.mean, facts.std, strict=True)
        lines = [
            name + tr("mean {mean}, standard deviation {std}", mean=f"{mean:.1f}", std=f"{std:.1f}")
            for name, mean, std in values
        ]
        span = tr("0 to 255")
        st.caption("  \n".join(lines) + f" ({span})")
    with right:
        _heading(tr("Sizes as they came"))
        _sizes(about)
    _duplicates(about, facts)
    _blanks(about, facts)


def _sizes(about: DatasetSummary) -> None:
    sizes = [{tr("size"): f"{w}×{h}", tr("pictures"): count} for w, h, count in about.origin.sizes]
    if sizes:
        st.dataframe(sizes, hide_index=True, height=min(38 + 35 * len(sizes), 240))
    else:
        st.caption(tr("All are of the size in which they are kept."))


def _duplicates(about: DatasetSummary, facts: Inspection) -> None:
    _heading(tr("Duplicates"))
    if not facts.duplicates:
        st.caption(tr("No two pictures have the same pixels."))
        return
    groups, repeats = facts.duplicate_groups, f"{facts.repeats:,}"
    if facts.repeats == 1:
        found = trn("One picture has a copy.", "{count} pictures have a copy.", groups)
    else:
        found = trn(
            "One picture has copies, {repeats} in all.",
            "{count} pictures have copies, {repeats} in all.",
            groups,
            repeats=repeats,
        )
    why = tr("A picture in training and in validation makes a model look better than it is.")
    st.caption(f"{found} {why}")
    dataset = cache.dataset(about.id)
    for group in facts.duplicates:
        left, right = st.columns([1, 6], vertical_alignment="center")
        left.image(pictures.inline(pictures.sheet(dataset.x[[group.first[0]]], 1, frame=1)), width=PICTURE_PIXELS)
        names = [dataset.names[k] if dataset.names else tr("number {k}", k=f"{k + 1:,}") for k in group.first]
        told = {"count": f"{group.count:,}", "names": ", ".join(map(_isolated, names))}
        if group.count > len(names):
            more = f"{group.count - len(names):,}"
            right.caption(tr("{count} times: {names} and {more} more", **told, more=more))
        else:
            right.caption(tr("{count} times: {names}", **told))
    _tell_more(groups - len(facts.duplicates))


def _heading(text: str) -> None:
    st.markdown(f"**{text}**")


def _tell_more(more: int) -> None:
    """How many are not shown."""
    if more > 0:
        st.caption(tr("… and {count} more.", count=f"{more:,}"))


def _isolated(name: str) -> str:
    """A name that is read from the right must not turn its neighbours round."""
    return f"\u2068{escape(name)}\u2069"


def _blanks(about: DatasetSummary, facts: Inspection) -> None:
    _heading(tr("Nearly blank"))
    if not facts.blanks:
        st.caption(tr("No picture is of one colour only."))
        return
    told = trn(
        "One picture shows next to nothing: all pixels lie within 5 % of the whole range.",
        "{count} pictures show next to nothing: all pixels lie within 5 % of the whole range.",
        facts.blank_count,
    )
    st.caption(told)
    shown = cache.dataset(about.id).x[np.array(facts.blanks)]
    columns = min(len(shown), BLANKS_A_ROW)
    st.image(pictures.inline(pictures.sheet(shown, columns, frame=1)), width=columns * PICTURE_PIXELS)


def _skipped(about: DatasetSummary) -> None:
    lines = [{tr("file"): name, tr("why"): tr(why)} for name, why in about.origin.skipped]
    st.dataframe(lines, hide_index=True, width="stretch")
    _tell_more(about.origin.skipped_count - len(about.origin.skipped))
