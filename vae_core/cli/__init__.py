"""The command line: the same verbs as the pages.

Exit codes: 0 done, 1 stopped by Ctrl-C, 2 wrong usage, 3 the data cannot be used, 4 the checkpoint cannot be used,
5 training failed.
"""

from vae_core.cli.backup import backup, restore
from vae_core.cli.bench import bench
from vae_core.cli.choose import choose
from vae_core.cli.group import main
from vae_core.cli.judge import encode, evaluate, sample
from vae_core.cli.lists import datasets, presets
from vae_core.cli.measure import measure
from vae_core.cli.train import train

__all__ = ["main"]

for command in (train, evaluate, measure, encode, sample, datasets, presets, choose, bench, backup, restore):
    main.add_command(command)
