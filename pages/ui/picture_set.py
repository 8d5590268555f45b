"""A dataset of pictures, looked at from several sides."""

import numpy as np
import streamlit as st

from pages.ui import cache, figures, pictures, preparation
from pages.ui.sentences import escape, sentences_for_errors
from vae_core.datasets.pictures.inspection import Inspection
from vae_core.stored_datasets import DatasetSummary

PICTURE_PIXELS = 60  # about the width of a picture on the contact sheet of a small set
BLANKS_A_ROW = 20


def show(about: DatasetSummary) -> None:
    """Contact sheet, preparation, statistics, and what was skipped."""
    skipped = about.origin.skipped_count
    names = ["Pictures", "Preparation", "Statistics"] + ([f"Skipped ({skipped:,})"] if skipped else [])
    sheet, prepared, statistics, *rest = st.tabs(names)
    with sheet:
        _contact_sheet(about)
    with prepared:
        if about.upload:
            preparation.edit(about)
        else:
            st.caption("This set is built in, and drawn at just this size.")
    with statistics:
        _statistics(about)
    for tab in rest:
        with tab:
            _skipped(about)


@st.fragment
@sentences_for_errors
def _contact_sheet(about: DatasetSummary) -> None:
    counts = cache.label_counts(about.id)
    labels = {cache.SHUFFLED: "All, shuffled", cache.IN_ORDER: "All, in order"} | {
        k: f"{name} ({counts[k]:,})" for k, name in enumerate(about.label_names)
    }
    left, right = st.columns([2, 3], vertical_alignment="bottom")
    label = left.selectbox("Show", list(labels), format_func=labels.__getitem__, key=f"label-{about.id}")
    shown = about.count if label < 0 else counts[label]
    columns = cache.sheet_columns(about.id)
    pages = max(-(-shown // (columns * cache.SHEET_ROWS)), 1)
    with right:
        number = st.pagination(pages, key=f"page-{about.id}-{label}") if pages > 1 else 1
    png = cache.contact_sheet(about.id, label, number - 1)
    st.image(pictures.inline(png), width="stretch" if shown >= columns else shown * PICTURE_PIXELS)


def _statistics(about: DatasetSummary) -> None:
    facts = cache.inspection(about.id)
    if about.label_names:
        st.markdown("**Pictures of every label**")
        st.plotly_chart(
            figures.class_counts(about.label_names, cache.label_counts(about.id)),
            key=f"labels-{about.id}",
            config={"displayModeBar": False},
        )
    left, right = st.columns(2)
    with left:
        st.markdown("**Pixel values**")
        histogram = figures.histograms(np.array(facts.histogram))
        st.plotly_chart(histogram, key=f"values-{about.id}", config={"displayModeBar": False})
        names = ("",) if len(facts.mean) == 1 else ("red: ", "green: ", "blue: ")
        values = zip(names, facts.mean, facts.std, strict=True)
        lines = [f"{name}mean {mean:.1f}, standard deviation {std:.1f}" for name, mean, std in values]
        st.caption("  \n".join(lines) + " (0 to 255)")
    with right:
        st.markdown("**Sizes as they came**")
        _sizes(about)
    _duplicates(about, facts)
    _blanks(about, facts)


def _sizes(about: DatasetSummary) -> None:
    sizes = [{"size": f"{w}×{h}", "pictures": count} for w, h, count in about.origin.sizes]
    if sizes:
        st.dataframe(sizes, hide_index=True, height=min(38 + 35 * len(sizes), 240))
    else:
        st.caption("All are of the size in which they are kept.")


def _duplicates(about: DatasetSummary, facts: Inspection) -> None:
    st.markdown("**Duplicates**")
    if not facts.duplicates:
        st.caption("No two pictures have the same pixels.")
        return
    have = "One picture has" if facts.duplicate_groups == 1 else f"{facts.duplicate_groups:,} pictures have"
    copies = "a copy" if facts.repeats == 1 else f"copies, {facts.repeats:,} in all"
    st.caption(f"{have} {copies}. A picture in training and in validation makes a model look better than it is.")
    dataset = cache.dataset(about.id)
    for group in facts.duplicates:
        left, right = st.columns([1, 6], vertical_alignment="center")
        left.image(pictures.inline(pictures.sheet(dataset.x[[group.first[0]]], 1, frame=1)), width=PICTURE_PIXELS)
        names = [dataset.names[k] if dataset.names else f"number {k + 1:,}" for k in group.first]
        more = f" and {group.count - len(names):,} more" if group.count > len(names) else ""
        right.caption(f"{group.count:,} times: {', '.join(map(_isolated, names))}{more}")
    if facts.duplicate_groups > len(facts.duplicates):
        st.caption(f"… and {facts.duplicate_groups - len(facts.duplicates):,} more.")


def _isolated(name: str) -> str:
    """A name that is read from the right must not turn its neighbours round."""
    return f"\u2068{escape(name)}\u2069"


def _blanks(about: DatasetSummary, facts: Inspection) -> None:
    st.markdown("**Nearly blank**")
    if not facts.blanks:
        st.caption("No picture is of one colour only.")
        return
    blanks = f"{facts.blank_count:,} pictures show" if facts.blank_count > 1 else "One picture shows"
    st.caption(f"{blanks} next to nothing: all pixels lie within 5 % of the whole range.")
    shown = cache.dataset(about.id).x[np.array(facts.blanks)]
    columns = min(len(shown), BLANKS_A_ROW)
    st.image(pictures.inline(pictures.sheet(shown, columns, frame=1)), width=columns * PICTURE_PIXELS)


def _skipped(about: DatasetSummary) -> None:
    st.dataframe([{"file": name, "why": why} for name, why in about.origin.skipped], hide_index=True, width="stretch")
    more = about.origin.skipped_count - len(about.origin.skipped)
    if more > 0:
        st.caption(f"… and {more:,} more.")
