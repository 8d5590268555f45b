"""Config fields -> widgets -> values. Default, range and help stand in the fields alone."""

from collections.abc import Iterable
from typing import Any, Literal, get_args, get_origin

import streamlit as st
from pydantic.fields import FieldInfo

from vae_core.config import Config
from vae_core.errors import ConfigError


def edit(settings: Config, names: Iterable[str], key: str) -> dict[str, Any]:
    """One widget a field, showing the present value; returns what stands in them.

    Raises:
        ConfigError: if what was typed cannot be read.
    """
    fields = type(settings).model_fields
    return {name: _widget(name, fields[name], getattr(settings, name), f"{key}-{name}") for name in names}


def choose(info: FieldInfo, value: Config, key: str) -> dict[str, Any]:
    """Which of several things, and the options of the chosen one."""
    models = {model.model_fields["name"].default: model for model in get_args(info.annotation)}
    present = getattr(value, "name", "")
    titles = {name: getattr(model, "title", name) for name, model in models.items()}
    name = st.selectbox(
        info.title or "",
        list(models),
        index=list(models).index(present),
        format_func=titles.__getitem__,
        help=info.description,
        key=key,
    )
    options = value if name == present else models[name]()
    return {"name": name} | edit(options, [n for n in models[name].model_fields if n != "name"], f"{key}-{name}")


def _widget(name: str, info: FieldInfo, value: Any, key: str) -> Any:
    label, text = info.title or name, info.description
    if info.discriminator is not None:
        return choose(info, value, key)
    if get_origin(info.annotation) is Literal:
        options = list(get_args(info.annotation))
        return st.selectbox(label, options, index=options.index(value), help=text, key=key)
    if get_origin(info.annotation) is tuple:
        return _numbers(label, st.text_input(label, ", ".join(map(str, value)), help=text, key=key))
    if info.annotation is bool:
        return st.toggle(label, value, help=text, key=key)
    return _number(label, info, value, key)


def _numbers(label: str, typed: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in typed.replace(";", ",").split(",") if part.strip())
    except ValueError as error:
        raise ConfigError(f"{label}: “{typed}” is no list of whole numbers. Type some with commas, as 256, 128.") from (
            error
        )


def _number(label: str, info: FieldInfo, value: Any, key: str) -> Any:
    low, high = (next(getattr(m, kind) for m in info.metadata if hasattr(m, kind)) for kind in ("ge", "le"))
    if info.annotation is int:
        step = next((m.multiple_of for m in info.metadata if hasattr(m, "multiple_of")), 1)
        return st.number_input(label, low, high, value, step=step, help=info.description, key=key)
    return st.number_input(
        label,
        float(low),
        float(high),
        float(value),
        step=float(value) / 10 or 0.1,
        format="%.4g",
        help=info.description,
        key=key,
    )
