"""A table, column by column, in original units; and the choices that made it."""

from typing import Any

import pandas as pd
import streamlit as st

from pages.ui import cache, state
from pages.ui.language import later, tr
from pages.ui.sentences import escape, sentences_for_errors
from vae_core import uploads
from vae_core.dataset_summary import DatasetSummary
from vae_core.datasets import TableChoices, TableSchema

MISSING = {
    "drop": later("leave such rows out"),
    "mean": later("fill in the usual value"),
    "zero": later("take them for zero"),
}
USES = (later("numbers"), later("categories"), later("label"), later("left out"))
SUMMARY = (
    *(later("column"), later("kind"), later("lowest")),
    *(later("mean, or categories"), later("highest")),
)
"""Columns of the summary; the others have a sentence each."""


def show(about: DatasetSummary) -> None:
    """Summary of the columns, the rows, and how it is prepared."""
    schema = about.schema_
    if not isinstance(schema, TableSchema):
        return
    columns, rows, prepared = st.tabs([tr("Columns"), tr("Rows"), tr("Preparation")])
    with columns:
        _summary(about.id, schema)
    with rows:
        _rows(about.id)
    with prepared:
        st.caption("  \n".join(escape(tr(sentence)) for sentence in about.origin.advice))
        if about.upload:
            _choices(about, schema)
        else:
            st.caption(tr("This table is built in."))


def _summary(id: str, schema: TableSchema) -> None:
    lines = [line | {"kind": tr(line["kind"])} for line in cache.column_summary(id)]
    share, missing = tr("Share of the rows, low to high."), tr("Values that were missing in the file.")
    st.dataframe(
        pd.DataFrame(lines),
        hide_index=True,
        width="stretch",
        column_config={
            **{name: st.column_config.Column(tr(name)) for name in SUMMARY},
            "histogram": st.column_config.BarChartColumn(tr("histogram"), help=share, y_min=0),
            "missing": st.column_config.NumberColumn(tr("missing"), help=missing),
        },
    )
    if len(schema.columns) > cache.COLUMNS_SHOWN:
        all = f"{len(schema.columns):,}"
        st.caption(tr("The first {count} of {all} columns.", count=cache.COLUMNS_SHOWN, all=all))


def _rows(id: str) -> None:
    columns = cache.first_rows(id)
    st.dataframe(
        {name: columns[name] for name in list(columns)[: cache.COLUMNS_SHOWN]}, hide_index=True, width="stretch"
    )
    st.caption(tr("The first rows as the model sees them, given back in original units."))


@st.fragment
@sentences_for_errors
def _choices(about: DatasetSummary, schema: TableSchema) -> None:
    """One line a column: how it is used; and what becomes of missing values."""
    present = schema.choices
    uses = _present_uses(schema)
    wanted = _edited_uses(about.id, uses)
    missing = st.segmented_control(
        tr("Missing values"),
        list(MISSING),
        default=present.missing or "drop",
        format_func=lambda way: tr(MISSING[way]),
        key=f"missing-{about.id}",
    )
    offers_pivot = present.pivot or any("Pivot" in sentence for sentence in about.origin.advice)
    pivoted = tr("Pivot: a row a user, a column an item")
    pivot = offers_pivot and st.toggle(pivoted, present.pivot, key=f"pivot-{about.id}")
    labels = [name for name, use in wanted.items() if use == "label"]
    if len(labels) > 1:
        st.warning(tr("Only one column can be the label."), icon=":material/label:")
    chosen = TableChoices(
        label=labels[0] if labels else "",
        left_out=tuple(name for name, use in wanted.items() if use == "left out"),
        categorical=tuple(name for name, use in wanted.items() if use == "categories"),
        missing=missing or present.missing,
        pivot=present.pivot,
    )
    unchanged = wanted == uses and chosen.missing == (present.missing or "drop") and pivot == present.pivot
    choices = chosen if pivot == present.pivot else TableChoices(pivot=pivot)  # other columns, other choices
    if st.button(
        tr("Prepare the table like this"),
        type="primary",
        icon=":material/tune:",
        disabled=unchanged or len(labels) > 1,
        help=tr("Reads the file that you uploaded once more; it need not be uploaded again."),
        key=f"apply-{about.id}",
    ):
        uploads.prepare_again(str(about.upload), choices, about.id, about.name)
        state.set_upload_id(str(about.upload))
        st.rerun()


def _edited_uses(id: str, uses: dict[str, str]) -> dict[str, str]:
    edited: Any = st.data_editor(
        [{"column": name, "use as": use} for name, use in uses.items()],
        hide_index=True,
        disabled=["column"],
        column_config={
            "column": st.column_config.Column(tr("column")),
            "use as": st.column_config.SelectboxColumn(
                tr("use as"), options=list(USES), required=True, format_func=lambda use: tr(str(use))
            ),
        },
        key=f"uses-{id}",
        height=min(38 + 35 * len(uses), 420),
    )
    return {row["column"]: row["use as"] for row in edited}


def _present_uses(schema: TableSchema) -> dict[str, str]:
    uses = {column.name: "numbers" if column.kind == "numeric" else "categories" for column in schema.columns}
    if schema.choices.label:
        uses[schema.choices.label] = "label"
    return uses | dict.fromkeys(schema.choices.left_out or (), "left out")
