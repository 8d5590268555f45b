"""Config fields -> widgets -> values. Default, range and help stand in the fields alone."""

from collections.abc import Callable, Iterable, Iterator
from itertools import cycle
from typing import Any, Literal, get_args, get_origin

import streamlit as st
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from pages.ui.language import later, tr
from pages.ui.sentences import escape
from vae_core.config import Config

Offers = Callable[[str, Any], bool]
"""Whether a field (by its name) may take a value, as things stand."""
ONLY_WHERE = {"fixed_sigma": ("sigma", "fixed")}
"""Options that mean something only beside a certain value of another one."""
WORDS = (
    *(later("mlp"), later("conv"), later("burgess"), later("resnet")),
    *(later("bernoulli"), later("continuous-bernoulli"), later("gaussian"), later("mixed")),
    *(later("standard"), later("mixture"), later("vamp")),
    *(later("optimal"), later("learned"), later("fixed")),
    *(later("log-variance"), later("softplus"), later("deterministic")),
    *(later("one-cycle"), later("constant")),
    *(later("grey"), later("binarised")),
    later("auto"),
    *(later("Capacity-annealed β-VAE"), later("Fixed σ"), later("K (samples)")),
)
"""What settings may be by the names that they have in files: `tr` tells them."""
REASONS = (
    later("input should be greater than {limit}"),
    later("input should be greater than or equal to {limit}"),
    later("input should be less than {limit}"),
    later("input should be less than or equal to {limit}"),
    later("input should be a multiple of {step}"),
    later("input should be a finite number"),
    later("input should be a valid integer"),
    later("value error, {why}"),
)
"""How pydantic says why a value cannot be: likewise."""


def everything(name: str, value: Any) -> bool:
    """Every value of every field."""
    return True


class Form:
    """Widgets for one set of settings.

    What cannot be read is told beside its field, and remembered; the field then keeps the value it began with.

    Args:
        key: Begins the key of every widget: another key, and all begin anew.

    Attributes:
        problems: The sentences shown beside fields.
    """

    def __init__(self, key: str) -> None:
        self._key = key
        self.problems: list[str] = []

    def edit(
        self, settings: Config, names: Iterable[str], offers: Offers = everything, columns: int = 1
    ) -> dict[str, Any]:
        """One widget a field, showing the present value, in so many columns; returns what stands in them."""
        fields = type(settings).model_fields
        values: dict[str, Any] = {}
        for name, place in zip(names, _grid(columns), strict=False):
            with place:
                info = fields[name]
                if info.discriminator is not None:
                    values[name] = self.choose(name, info, getattr(settings, name), offers)
                else:
                    values[name] = self._checked(settings, name, self._widget(settings, name, offers))
        return values

    def choose(
        self, name: str, info: FieldInfo, value: Config, offers: Offers = everything, columns: int = 0
    ) -> dict[str, Any]:
        """Which of several things, and the options of the chosen one: below it, or beside it in so many columns."""
        models = {model.model_fields["name"].default: model for model in get_args(info.annotation)}
        present = getattr(value, "name", "")
        titles = {choice: getattr(model, "title", choice) for choice, model in models.items()}
        places = st.columns([2] + [1] * columns) if columns else [st.container()]
        with places[0]:
            offered = [choice for choice in models if offers(name, {"name": choice})]
            chosen = self._select(name, info, offered, present, titles)
        options = value if chosen == present else models[chosen]()
        part = Form(f"{self._key}-{name}-{chosen}")
        values: dict[str, Any] = {"name": chosen}
        names = [option for option in models[chosen].model_fields if option != "name"]
        for option, place in zip(names, cycle(places[1:] or places), strict=False):
            other, wanted = ONLY_WHERE.get(option, ("name", chosen))
            if values.get(other) == wanted:
                with place:
                    values |= part.edit(options, [option])
        self.problems += part.problems
        return values

    def _widget(self, settings: Config, name: str, offers: Offers) -> Any:
        info, value = type(settings).model_fields[name], getattr(settings, name)
        label, help, key = tr(info.title or name), help_of(info), f"{self._key}-{name}"
        if get_origin(info.annotation) is Literal:
            return self._select(name, info, [o for o in get_args(info.annotation) if offers(name, o)], value)
        if get_origin(info.annotation) is tuple:
            return st.text_input(label, ", ".join(map(str, value)), help=help, key=key)
        if info.annotation is bool:
            return st.toggle(label, value, help=help, key=key)
        return _number(label, info, value, key)

    def _select(
        self, name: str, info: FieldInfo, offered: list[Any], value: Any, titles: dict[str, str] | None = None
    ) -> Any:
        offered = offered or [value]
        present = value if value in offered else offered[0]
        return st.selectbox(
            tr(info.title or name),
            offered,
            index=offered.index(present),
            format_func=lambda option: tr((titles or {}).get(option, str(option))),
            help=help_of(info),
            key=f"{self._key}-{name}",
        )

    def _checked(self, settings: Config, name: str, value: Any) -> Any:
        """The value if the field takes it; else a sentence below the widget, and what was there before."""
        label = tr(type(settings).model_fields[name].title or name)
        is_list = isinstance(value, str) and get_origin(type(settings).model_fields[name].annotation) is tuple
        try:
            read = _numbers(value) if is_list else value
            type(settings).model_validate(settings.model_dump() | {name: read})
        except ValidationError as error:
            self._tell(f"{label}: {_reason(error)}")
        except ValueError:
            told = tr(
                "“{typed}” is no list of whole numbers. Type some with commas, as 256, 128.", typed=str(value)[:40]
            )
            self._tell(f"{label}: {told}")
        else:
            return read
        return getattr(settings, name)

    def _tell(self, sentence: str) -> None:
        st.markdown(f":small[:red[{escape(sentence)}]]")
        self.problems.append(sentence)


def help_of(info: FieldInfo) -> str | None:
    """What a field is, in the reader's language."""
    return tr(info.description) if info.description else None


def _reason(error: ValidationError) -> str:
    first = error.errors()[0]
    found = first["input"]
    shown = tr("{count} numbers", count=len(found)) if isinstance(found, tuple | list) else f"{found}"
    why = tr(f"{first['msg'][0].lower()}{first['msg'][1:]}")
    return tr("it cannot be {found}: {why}.", found=shown, why=why)


def _numbers(typed: str) -> tuple[int, ...]:
    return tuple(int(part) for part in typed.replace(";", ",").split(",") if part.strip())


def _grid(columns: int) -> Iterator[Any]:
    """Places row by row, for ever."""
    while True:
        yield from (st.container(),) if columns == 1 else st.columns(columns)


def _number(label: str, info: FieldInfo, value: Any, key: str) -> Any:
    # without limits: a browser would show what lies beyond them in red, and quietly give the value before
    if info.annotation is int:
        step = next((m.multiple_of for m in info.metadata if hasattr(m, "multiple_of")), 1)
        return st.number_input(label, value=value, step=step, help=help_of(info), key=key)
    return st.number_input(
        label,
        value=float(value),
        step=float(value) / 10 or 0.1,
        format="%.4g",
        help=help_of(info),
        key=key,
    )
