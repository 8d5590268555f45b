"""What there is: datasets and presets."""

import json

import click

from vae_core import stored_datasets
from vae_core.cli.group import kind
from vae_core.datasets import SAMPLES
from vae_core.run_config import PRESETS


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a dataset.")
def datasets(as_json: bool) -> None:
    """List the datasets that are built in or stored in the workspace."""
    for name, sample in SAMPLES.items():
        about = {"id": name, "name": sample.title, "builtin": True}
        click.echo(json.dumps(about) if as_json else f"{name:26}  {sample.title}: {sample.description}")
    for stored in stored_datasets.list_all():
        line = f"{stored.id:26}  {stored.name}: {stored.count:,} {kind(stored.schema_)}"
        click.echo(stored.model_dump_json() if as_json else line)


@click.command()
def presets() -> None:
    """List the presets, for `train --preset`."""
    for name, preset in PRESETS.items():
        click.echo(f"{name:20}  {preset.title}: {preset.description} (for: {', '.join(preset.kinds)})")
