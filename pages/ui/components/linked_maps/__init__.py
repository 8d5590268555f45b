"""Maps of several models side by side: what is pointed at or lassoed in one lights up in all of them.

What tests may rely on: the root has data-testid="linked-maps", data-ready once all decoders are there and
data-selected, how many examples are lit; each map is a canvas with data-testid="linked-map-0", …, whose data-lit is
where the ring is, in CSS pixels; nothing is asked of the server while the pointer moves.
"""

from pathlib import Path
from typing import Any

import streamlit as st

from pages.ui.components.loading import loader

_HERE = Path(__file__).resolve().parent

_component = st.components.v2.component(
    "linked_maps",
    html='<div class="linked-maps" data-testid="linked-maps"></div>',
    css=(_HERE / "linked_maps.css").read_text("utf-8"),
    js=loader(".linked-maps", "linked.js"),
    isolate_styles=False,
)


def linked_maps(loaded: dict[str, Any], models: list[dict[str, Any]], titles: list[str], key: str) -> None:
    """Show the maps.

    Args:
        loaded: `pages.ui.explorer.component` of this one.
        models: What `pages.ui.explorer.describe` says of each; all with codes of one dataset, in its order.
        titles: Of the models.
        key: Of the component.
    """
    _component(key=key, data=loaded | {"models": models, "titles": titles})
