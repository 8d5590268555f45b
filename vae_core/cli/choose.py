"""`choose`: which structure is best, by cross-validation."""

import json
import sys
from typing import Any

import click

from vae_core.cli.group import open_data
from vae_core.cli.options import kind_of
from vae_core.errors import TrainingError
from vae_core.run_config import PRESETS
from vae_core.settings import all_settings
from vae_core.trials import NONE_IS_BEST, Score, criterion, scores, trainings


@click.command()
@click.argument("data")
@click.option("--vary", multiple=True, metavar="NAME=A,B,…", help="A setting and the values to try; may be repeated.")
@click.option("--set", "fixed", multiple=True, metavar="NAME=VALUE", help="A setting for all of them; may be repeated.")
@click.option(
    "--preset", type=click.Choice(list(PRESETS)), help="Where to start from; chosen from the data if not given."
)
@click.option("--folds", default=5, help="In how many parts the data is cut; each is held out once. [5]")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a training, then one a combination.")
def choose(
    data: str, vary: tuple[str, ...], fixed: tuple[str, ...], preset: str | None, folds: int, as_json: bool
) -> None:
    """Cross-validate a grid of settings on DATA, such as --vary latents=2,8 --vary beta=1,4.

    Values of lists of widths are parted by semicolons: --vary "widths=256,128;512".
    """
    from vae_core.notebook import settings_for
    from vae_core.selection import cross_validate

    dataset = open_data(data)
    grid = _all(vary)
    start = settings_for(dataset, preset, **{name: values[0] for name, values in _all(fixed, most=1).items()})
    trials = []
    with click.progressbar(
        length=trainings(grid, folds), label="Cross-validating", file=sys.stderr, hidden=as_json
    ) as bar:
        for trial in cross_validate(start, dataset, grid, folds):
            trials.append(trial)
            bar.update(1)
            if as_json:
                click.echo(trial.model_dump_json())
    what, found = criterion(start, grid), scores(trials)
    for score in found:
        click.echo(json.dumps(score.model_dump()) if as_json else _line(score, what))
    if found[0].failed:
        raise TrainingError(NONE_IS_BEST)


def _line(score: Score, what: str) -> str:
    if score.failed:
        return f"{score.failed} of {score.folds} trainings failed  {score.told}: {score.problem}"
    return f"{what} {score.negative_elbo:8.2f} ± {score.spread:.2f} over {score.folds} folds  {score.told}"


def _all(texts: tuple[str, ...], most: int | None = None) -> dict[str, list[Any]]:
    """Settings and their values, each of them once."""
    found: dict[str, list[Any]] = {}
    for text in texts:
        name, values = _parsed(text)
        if name in found:
            raise click.UsageError(f"{name} is given twice. Give it once.")
        if most and len(values) > most:
            raise click.UsageError(f"--set {text} has {len(values)} values. Give one, or try all with --vary {text}.")
        found[name] = values
    return found


def _parsed(text: str) -> tuple[str, list[Any]]:
    """A setting and its values, of the kinds that the setting wants."""
    name, _, values = text.partition("=")
    name = name.strip().replace("-", "_")
    setting = all_settings().get(name)
    if setting is None or not values:
        raise click.UsageError(f"{text} is no setting with values, such as latents=2,8. `train --help` lists settings.")
    wanted = kind_of(setting)
    several = values.split(";") if getattr(wanted, "name", "") == "N,N,…" else values.split(",")
    kind = wanted if isinstance(wanted, click.ParamType) else click.types.convert_type(wanted)
    return name, list(dict.fromkeys(kind.convert(value.strip(), None, None) for value in several))
