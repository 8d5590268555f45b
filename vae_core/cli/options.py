"""Settings as options of the command line: one for every field, with its range and help.

A choice of several things (an architecture, an objective) is an option whose value is a name; the options of all its
choices stand side by side, and one that the chosen thing has not is refused.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, get_args, get_origin

import click
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from vae_core.config import ModelConfig, TrainConfig
from vae_core.errors import ConfigError
from vae_core.run_config import RunConfig

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


@dataclass
class _Option:
    """One option, and every place in the settings that it may mean: (path, name of the choice that has it)."""

    info: FieldInfo
    places: list[tuple[tuple[str, ...], str]] = field(default_factory=list)
    names: tuple[str, ...] = ()
    """Of the choices, where it chooses one."""


def variants(info: FieldInfo) -> dict[str, type[BaseModel]]:
    """name -> options, of a field that is a choice of several things; empty for any other field."""
    if info.discriminator is None:
        return {}
    return {model.model_fields["name"].default: model for model in get_args(info.annotation)}


def settings(command: Command) -> Command:
    """Give a command all settings as options; `chosen` makes settings of its keyword arguments."""
    for name, option in reversed(_options().items()):
        kind, default = _kind(option), option.info.get_default(call_default_factory=True)
        shown = "" if len(option.places) > 1 else f" [{getattr(default, 'name', default)}]"
        owners = ", ".join(owner for _, owner in option.places if owner)
        text = (option.info.description or "") + shown + (f" (of {owners})" if owners else "")
        command = click.option(f"--{name.replace('_', '-')}", name, type=kind, default=None, help=text)(command)
    return command


def chosen(start: RunConfig, values: dict[str, Any]) -> RunConfig:
    """The settings with what was given on the command line; `--beta 4` alone chooses the first thing that has a β.

    Raises:
        ConfigError: if a value is out of its range, or the chosen thing has no such setting.
    """
    changes: dict[str, Any] = {}
    given = {name: value for name, value in values.items() if value is not None}
    options = _options()
    for name, value in given.items():
        if options[name].names:
            _put(changes, (*options[name].places[0][0], "name"), value)
    for name, value in given.items():
        if not options[name].names:
            path, owner = _place(name, options[name], start.with_settings(changes), given)
            if owner:
                _put(changes, (*path[:-1], "name"), owner)
            _put(changes, path, value)
    return start.with_settings(changes)


def _place(name: str, option: _Option, present: RunConfig, given: dict[str, Any]) -> tuple[tuple[str, ...], str]:
    """Where the option belongs, and to which of several things."""
    for path, owner in option.places:
        part: Any = present
        for step in path[:-1]:
            part = getattr(part, step)
        if not owner or part.name == owner:
            return path, owner
    path, owner = option.places[0]
    if path[-2] in given:
        owners = " or ".join(owner for _, owner in option.places)
        raise ConfigError(f"--{name.replace('_', '-')} is a setting of {owners}. Choose that, or leave the option out.")
    return path, owner


def _put(changes: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    for step in path[:-1]:
        changes = changes.setdefault(step, {})
    changes[path[-1]] = value


def _options() -> dict[str, _Option]:
    """Every option by name."""
    found: dict[str, _Option] = {}
    for path, owner, info in _fields():
        option = found.setdefault(path[-1], _Option(info))
        option.places.append((path, owner))
        option.names = tuple(variants(info))
    return found


def _fields() -> Iterator[tuple[tuple[str, ...], str, FieldInfo]]:
    parts: tuple[tuple[tuple[str, ...], dict[str, FieldInfo]], ...] = (
        (("model",), ModelConfig.model_fields),
        ((), {"objective": RunConfig.model_fields["objective"]}),
        (("train",), TrainConfig.model_fields),
    )
    for path, fields in parts:
        for name, info in fields.items():
            yield (*path, name), "", info
            for owner, model in variants(info).items():
                for inner, inner_info in model.model_fields.items():
                    if inner != "name":
                        yield (*path, name, inner), owner, inner_info


def _kind(option: _Option) -> Any:
    annotation = option.info.annotation
    if option.names:
        return click.Choice(option.names)
    if get_origin(annotation) is Literal:
        return click.Choice(get_args(annotation))
    if get_origin(annotation) is tuple:
        return Numbers()
    return annotation
