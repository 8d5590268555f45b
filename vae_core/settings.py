"""Single settings by their bare names, such as `latents=3, beta=4`: what the command line and notebooks speak.

A choice of several things (an architecture, an objective) is a setting whose value is a name. The settings of all its
choices stand side by side; one that the chosen thing has not is refused.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from vae_core.config import ModelConfig, TrainConfig
from vae_core.errors import ConfigError
from vae_core.run_config import RunConfig

Path = tuple[str, ...]


@dataclass
class Setting:
    """One name, and what it may mean.

    Attributes:
        info: Default, range and help.
        places: (path, name of the choice that has it; "" where it is nobody's in particular).
        choices: The names that it may have, where it chooses a thing.
    """

    info: FieldInfo
    places: list[tuple[Path, str]] = field(default_factory=list)
    choices: tuple[str, ...] = ()

    @property
    def owners(self) -> tuple[str, ...]:
        """The choices that have it."""
        return tuple(owner for _, owner in self.places if owner)


def variants(info: FieldInfo) -> dict[str, type[BaseModel]]:
    """name -> options, of a field that is a choice of several things, for those that are offered; else empty."""
    if info.discriminator is None:
        return {}
    return {model.model_fields["name"].default: model for model in get_args(info.annotation) if model.is_offered}


@cache
def all_settings() -> dict[str, Setting]:
    """Every setting by its bare name, in the order of the form."""
    found: dict[str, Setting] = {}
    for path, owner, info in _fields():
        setting = found.setdefault(path[-1], Setting(info))
        setting.places.append((path, owner))
        setting.choices = tuple(variants(info))
    return found


def with_names(start: RunConfig, given: Mapping[str, Any]) -> RunConfig:
    """The settings with some changed by their bare names; `beta=4` alone chooses the first thing that has a β.

    Raises:
        ConfigError: if there is no such setting, a value is out of its range, or the chosen thing has it not.
    """
    settings = all_settings()
    unknown = [name for name in given if name not in settings]
    if unknown:
        raise ConfigError(f"There is no setting {unknown[0]}. The command line's help lists all of them.")
    changes: dict[str, Any] = {}
    for name, value in given.items():
        if settings[name].choices:
            _put(changes, (*settings[name].places[0][0], "name"), value)
    for name, value in given.items():
        if not settings[name].choices:
            path, owner = _place(name, settings[name], start.with_settings(changes), given)
            if owner:
                _put(changes, (*path[:-1], "name"), owner)
            _put(changes, path, value)
    return start.with_settings(changes)


def _place(name: str, setting: Setting, present: RunConfig, given: Mapping[str, Any]) -> tuple[Path, str]:
    """Where the setting belongs, and to which of several things."""
    for path, owner in setting.places:
        part: Any = present
        for step in path[:-1]:
            part = getattr(part, step)
        if not owner or part.name == owner:
            return path, owner
    path, owner = setting.places[0]
    if path[-2] in given:
        owners = " or ".join(setting.owners)
        raise ConfigError(f"{name} is a setting of {owners}, not of {given[path[-2]]}. Choose that, or leave it out.")
    return path, owner


def _put(changes: dict[str, Any], path: Path, value: Any) -> None:
    for step in path[:-1]:
        changes = changes.setdefault(step, {})
    changes[path[-1]] = value


def _fields() -> Iterator[tuple[Path, str, FieldInfo]]:
    parts: tuple[tuple[Path, dict[str, FieldInfo]], ...] = (
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


def by_names(config: RunConfig) -> dict[str, Any]:
    """Bare name -> value of all that a configuration has, the other way round."""
    found: dict[str, Any] = {}
    for name, setting in all_settings().items():
        for path, owner in setting.places:
            part: Any = config
            for step in path[:-1]:
                part = getattr(part, step)
            if not owner or part.name == owner:
                value = getattr(part, path[-1])
                found[name] = value.name if setting.choices else value
                break
    return found
