"""Settings as options of the command line: one for every name, with its range and help."""

from collections.abc import Callable
from typing import Any, Literal, get_args, get_origin

import click

from vae_core.settings import Setting, all_settings

Command = Callable[..., None]


class Numbers(click.ParamType):
    """Whole numbers with commas between them."""

    name = "N,N,…"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        """ "256,128" -> (256, 128)."""
        try:
            return tuple(int(part) for part in str(value).split(",") if part.strip())
        except ValueError:
            self.fail(f"{value} is no list of whole numbers such as 256,128,64", param, ctx)


def settings(command: Command) -> Command:
    """Give a command all settings as options; those not given are None."""
    for name, setting in reversed(all_settings().items()):
        option = click.option(
            f"--{name.replace('_', '-')}", name, type=kind_of(setting), default=None, help=_help(setting)
        )
        command = option(command)
    return command


def _help(setting: Setting) -> str:
    default: Any = setting.info.get_default(call_default_factory=True)
    shown = getattr(default, "name", default)
    shown = ",".join(map(str, shown)) if isinstance(shown, tuple) else shown
    several = len(setting.places) > 1  # with a default of their own each
    owners = f" (of {', '.join(setting.owners)})" if setting.owners else ""
    return (setting.info.description or "") + ("" if several or shown == "" else f" [{shown}]") + owners


def kind_of(setting: Setting) -> Any:
    """What click makes of a value."""
    annotation = setting.info.annotation
    if setting.choices:
        return click.Choice(setting.choices)
    if get_origin(annotation) is Literal:
        return click.Choice(get_args(annotation))
    if get_origin(annotation) is tuple:
        return Numbers()
    return annotation
