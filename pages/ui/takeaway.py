"""What one takes away of a measured model: a report, its figures, its codes."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from pages.ui import cache
from pages.ui.explorer import OpenModel
from pages.ui.language import tr
from pages.ui.tables import as_csv, as_parquet, codes_table
from vae_core.measuring import Measures
from vae_core.report import Picture, Report, report

SHOWN_SAMPLES = 60


def offer(model: OpenModel, dataset_name: str, found: Measures) -> None:
    """A row of buttons; what they save is made when they are pressed, and in English."""
    st.subheader(tr("Take it away"))
    name = f"{model.checkpoint.config.objective.name}-{model.id[:8]}"
    with st.container(horizontal=True):
        for label, file, mime, make in (
            (tr("Report (HTML)"), f"{name}.html", "text/html", lambda: _report(model, dataset_name, found).html()),
            (
                tr("Report (Markdown)"),
                f"{name}.zip",
                "application/zip",
                lambda: _report(model, dataset_name, found).markdown(),
            ),
            (tr("Figures (JSON)"), f"{name}-figures.json", "application/json", lambda: found.model_dump_json(indent=2)),
            (tr("Figures (CSV)"), f"{name}-figures.csv", "text/csv", lambda: as_csv(_figures(found))),
            (tr("Codes (CSV)"), f"{name}-codes.csv", "text/csv", lambda: as_csv(_codes(model))),
            (
                tr("Codes (Parquet)"),
                f"{name}-codes.parquet",
                "application/octet-stream",
                lambda: as_parquet(_codes(model)),
            ),
        ):
            st.download_button(label, make, file, mime, on_click="ignore", icon=":material/download:")
    st.caption(tr("The codes are those of the dataset that the model was trained on."))


def _report(model: OpenModel, dataset_name: str, found: Measures) -> Report:
    return report(model.checkpoint, dataset_name, found, _pictures(model, found))


def _pictures(model: OpenModel, found: Measures) -> Sequence[Picture]:
    if model.checkpoint.schema.kind != "image":
        return ()
    indices = ",".join(str(one.index) for one in found.extremes)
    pictures = [
        Picture(
            "Reconstructions from the best to the worst, each below its original",
            cache.reconstructions(model.id, model.version, found.dataset_id, indices),
        )
    ]
    sources = {"prior": "the prior", "mixture": "a mixture of normals fitted to the codes"}
    for source, told in sources.items():
        if not (source == "prior" and model.vae.is_deterministic):
            png = cache.samples(model.id, model.version, source, SHOWN_SAMPLES)
            pictures.append(Picture(f"Samples of {told}", png))
    return pictures


def _figures(found: Measures) -> pd.DataFrame:
    """A line a figure."""
    return pd.DataFrame(
        [{"measure": name, **figure.model_dump()} for name, one in found.found.items() for figure in one.figures]
    ).rename(columns={"error": "standard_error"})


def _codes(model: OpenModel) -> pd.DataFrame:
    """Of the model's own dataset."""
    codes = cache.codes(model.id, model.version)
    return codes_table(codes, cache.dataset_or_none(codes.dataset_id))
