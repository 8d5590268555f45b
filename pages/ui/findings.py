"""What a run's curves say, as calm boxes: an icon, what was found, what to try."""

from collections.abc import Sequence

import streamlit as st

from pages.ui.language import tr
from pages.ui.sentences import escape
from vae_core.diagnosis import Finding

ICONS = {
    "too few examples": ":material/stacks:",
    "batch larger than the set": ":material/crop_free:",
    "collapse": ":material/compress:",
    "unused dimensions": ":material/grid_off:",
    "overfitting": ":material/trending_up:",
    "divergence": ":material/rocket_launch:",
}


def show(findings: Sequence[Finding]) -> None:
    """One box each."""
    for finding in findings:
        icon = ICONS.get(finding.kind, ":material/lightbulb:")
        st.info(f"**{escape(tr(finding.sentence))}**  \n{escape(tr(finding.advice))}", icon=icon)
