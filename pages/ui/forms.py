"""Config fields -> widgets -> values. Default, range and help stand in the fields alone."""

from collections.abc import Iterable
from typing import Any, Literal, get_args, get_origin

import streamlit as st
from pydantic.fields import FieldInfo

from vae_core.config import Config


def edit(settings: Config, names: Iterable[str], key: str) -> dict[str, Any]:
    """One widget a field, showing the present value; returns what stands in them."""
    fields = type(settings).model_fields
    return {name: _widget(name, fields[name], getattr(settings, name), f"{key}-{name}") for name in names}


def _widget(name: str, info: FieldInfo, value: Any, key: str) -> Any:
    label, text = info.title or name, info.description
    if get_origin(info.annotation) is Literal:
        options = list(get_args(info.annotation))
        return st.selectbox(label, options, index=options.index(value), help=text, key=key)
    low, high = (next(getattr(m, kind) for m in info.metadata if hasattr(m, kind)) for kind in ("ge", "le"))
    if info.annotation is int:
        return st.number_input(label, low, high, value, step=1, help=text, key=key)
    return st.number_input(
        label,
        float(low),
        float(high),
        float(value),
        step=float(value) / 10 or 0.1,
        format="%.4g",
        help=text,
        key=key,
    )
