"""`measure`: every measure of the Measure page, and the report."""

import sys
from pathlib import Path

import click

from vae_core.cli.group import check_writable, checkpoint_path, kind, open_data
from vae_core.cli.judge import SPLITS
from vae_core.files import write_atomically

CODES = ("active", "all", "samples")


@click.command()
@click.argument("checkpoint")
@click.argument("data")
@click.option("--split", type=click.Choice(SPLITS), default="all", help="Which part of DATA, as training divides it.")
@click.option(
    "--code",
    type=click.Choice(CODES),
    default="active",
    help="What measures with known factors are given: posterior means of the active units or of all, or samples.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
@click.option("--report", type=click.Path(path_type=Path), help="An HTML file for a report that opens by itself.")
@click.option("--seed", default=0, help="Of everything that is drawn.")
def measure(checkpoint: str, data: str, split: str, code: str, as_json: bool, report: Path | None, seed: int) -> None:
    """Every measure of CHECKPOINT on DATA that applies, with intervals, on at most 10,000 examples."""
    from vae_core import checkpoints
    from vae_core.measuring import measure as measure_all
    from vae_core.metrics import METRICS, Material
    from vae_core.report import report as report_of

    if report:
        check_writable(report)
    loaded = checkpoints.load(checkpoint_path(checkpoint))
    dataset = open_data(data, loaded.schema)
    material = Material(loaded, dataset, split, code, seed)  # type: ignore[arg-type]  # click checked them
    with click.progressbar(length=1000, label="Measuring", file=sys.stderr, hidden=as_json) as bar:
        found = measure_all(material, lambda done: bar.update(int(1000 * done) - bar.pos))
    if report:
        write_atomically(report, report_of(loaded, dataset.name, found).html().encode())
    if as_json:
        click.echo(found.model_dump_json())
        return
    click.echo(
        f"On {found.count:,} {kind(loaded.schema)}, {split}, {found.targets} targets; ± and “a to b” "
        "are 95 % intervals."
    )
    for name, one in found.found.items():
        for figure in one.figures:
            of = f" ({figure.of})" if figure.of else ""
            against = f"   against {figure.told_against}" if figure.told_against else ""
            unit = f" {figure.unit}" if figure.unit else ""
            click.echo(f"{METRICS[name].title}: {figure.name}{of} {figure.told}{unit}{against}")
    for name, why in found.refused.items():
        click.echo(f"{METRICS[name].title}: {why}", err=True)
