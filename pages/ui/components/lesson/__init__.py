"""The live part of a lesson: one scene of `scenes/`, built from the explorer's parts.

What tests may rely on: the root has data-testid="lesson", data-scene, the name of the scene, and data-ready="true" once
everything can be moved. A scene tells Python what was done by the state "told", when something is let go.
Nothing is asked of the server while a pointer is down.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from pages.ui.components.loading import loader

_HERE = Path(__file__).resolve().parent

_component = st.components.v2.component(
    "lesson",
    html='<div class="lesson" data-testid="lesson"></div>',
    css=(_HERE / "lesson.css").read_text("utf-8"),
    js=loader(".lesson", "lesson.js", 'root.commit = (told) => setStateValue("told", told);'),
    isolate_styles=False,  # as the explorer's: one way to find things for both
)


def lesson(data: dict[str, Any], key: str, on_told: Callable[[], None]) -> None:
    """Show a scene.

    Args:
        data: What `Lesson.scene` says, its name as `scene`, and `is_revealed`: whether the prediction was made.
        key: Of the component; its state `told` is what the scene told last.
        on_told: Called when it has told something new.
    """
    _component(key=key, data=data, on_told_change=on_told)
