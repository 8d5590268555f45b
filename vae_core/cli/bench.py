"""`bench`: our training beside others'."""

import sys

import click

from vae_core.bench import NETWORKS
from vae_core.cli.group import open_data


@click.command()
@click.argument("data")
@click.option("--rounds", default=5, help="How often each contender has its turn. [5]")
@click.option("--peer-python", default=sys.executable, help="A Python with pythae and our torch; ours when left out.")
@click.option("--network", type=click.Choice(NETWORKS), default="mlp", help="Of all contenders. [mlp]")
@click.option("--race/--no-race", default=True, help="Also train until the validation −ELBO is 153.5. [yes]")
def bench(data: str, rounds: int, peer_python: str, race: bool, network: str) -> None:
    """Train the same network as pythae and as a plain loop, in turn, on DATA (grey pictures of 28×28)."""
    from vae_core.bench import bench as run
    from vae_core.bench import summary

    results = []
    for result in run(open_data(data), rounds, peer_python, race, network):
        results.append(result)
        click.echo(result, err=True)
    for line in summary(results):
        click.echo(line)
