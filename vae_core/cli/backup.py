"""`backup` and `restore`: the whole workspace as one file, while the app runs."""

import sys
from pathlib import Path

import click

from vae_core.cli.group import check_writable

TOLD = 10
FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("file", type=FILE)
def backup(file: Path) -> None:
    """Write all datasets, uploads, runs and concepts into FILE, a TAR; the app may run meanwhile."""
    from vae_core.backups import backup as take

    check_writable(file)
    with click.progressbar(length=1000, label="Backing up", file=sys.stderr) as bar:
        taken = take(file, lambda done: bar.update(int(1000 * done) - bar.pos))
    counted = ", ".join(f"{count} {kind}" for kind, count in taken.items.items() if kind != "secret")
    click.echo(f"{file}: {counted}; {taken.size / 2**20:.1f} MB")
    _list("Could not be read, and is not in it", taken.left_out)


@click.command()
@click.argument("file", type=FILE)
@click.option(
    "--missing-only",
    is_flag=True,
    help="Pass over what is here and differs, instead of refusing; but not another secret.",
)
def restore(file: Path, missing_only: bool) -> None:
    """Bring back from FILE what is not in the workspace; what is there is never changed."""
    from vae_core.backups import restore as bring

    with click.progressbar(length=1000, label="Restoring", file=sys.stderr) as bar:
        found = bring(file, missing_only, lambda done: bar.update(int(1000 * done) - bar.pos))
    click.echo(f"{len(found.restored)} brought back, {len(found.same) + len(found.different)} were here already")
    _list("Here already, the same", found.same)
    _list("Here already and different, left as it is", found.different)


def _list(title: str, addresses: tuple[str, ...]) -> None:
    for address in addresses[:TOLD]:
        click.echo(f"{title}: {address}", err=True)
    if len(addresses) > TOLD:
        click.echo(f"{title}: {len(addresses) - TOLD} more", err=True)
