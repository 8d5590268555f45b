"""The ledger: one example's loss in parts that add up, β to slide, and for two latents the true posterior.

What tests and scripts may rely on:
  - the root has data-testid="ledger", and data-shown="<example> <seed>" once that is on the screen;
  - every sum that is shown has an element <data> whose value is the number unrounded;
  - showing another example or other noise reports the state "shown": example and seed, whole numbers, is_mean, and
    turn, which counts up.

Only another example or other noise asks the server for something; β never does.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from pages.ui.components.loading import loader

_HERE = Path(__file__).resolve().parent

_component = st.components.v2.component(
    "elbo_ledger",
    html='<div class="elbo-ledger" data-testid="ledger"></div>',
    css="".join((_HERE / f"{name}.css").read_text("utf-8") for name in ("charts", "ledger")),
    js=loader(".elbo-ledger", "ledger.js", 'root.commit = (shown) => setStateValue("shown", shown);'),
)


def ledger(data: dict[str, Any], key: str, on_show: Callable[[], None]) -> None:
    """Show the ledger.

    Args:
        data: What `pages.ui.ledger_routes.describe` says of a model, and what to show: `shown`, with the example's
            index, the seed of the noise, whether z is the mean, and the turn of the component's last word.
        key: Of the component; its state `shown` is what is on the screen.
        on_show: Called when the user has chosen something else.
    """
    _component(key=key, data=data, on_shown_change=on_show)
