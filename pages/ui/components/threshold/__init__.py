"""A histogram of scores with a threshold to drag: how many examples lie above it is counted while it moves.

What tests may rely on: the root has data-testid="threshold", the slider the accessible name Threshold; releasing it
reports the state "threshold", a number. Nothing is asked of the server while it moves.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from pages.ui.components.loading import loader

_HERE = Path(__file__).resolve().parent

_component = st.components.v2.component(
    "threshold",
    html='<div class="threshold" data-testid="threshold"></div>',
    css=(_HERE / "threshold.css").read_text("utf-8"),
    js=loader(".threshold", "threshold.js", 'root.commit = (value) => setStateValue("threshold", value);'),
)


def threshold(data: dict[str, Any], key: str, on_release: Callable[[], None]) -> None:
    """Show the histogram.

    Args:
        data: What `pages.ui.unusual.histogram` tells of the scores.
        key: Of the component; its state `threshold` is where the threshold was released.
        on_release: Called then.
    """
    _component(key=key, data=data, on_threshold_change=on_release)
