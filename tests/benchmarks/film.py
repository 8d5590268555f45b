"""What a film costs: `python -m tests.benchmarks.film FOLDER_OF_MNIST [EPOCHS]`.

The default preset on MNIST's 60,000 training digits, 20 epochs, trained as a run is, without a film and with one, in
turn on the same machine: seconds of processor time and of the clock, the share that frames took, and the size on disk.
With VAE_STUDIO_WORKSPACE set the run with a film stays there.
"""

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import torch

from vae_core import stored_datasets, workspace
from vae_core.datasets import Dataset, read_files
from vae_core.film import Recorder, Reel, frames
from vae_core.run_config import PRESETS, RunConfig
from vae_core.runs.directory import RunDirectory, RunFile, done
from vae_core.runs.work import result_of, work

FILES = ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz")
EPOCHS = 20


def mnist(folder: Path) -> Dataset:
    """The training digits, stored in the workspace."""
    dataset = read_files([(name, folder / name) for name in FILES])
    stored_datasets.save(dataset)
    return dataset


def trained(dataset: Dataset, epochs: int, name: str) -> RunDirectory:
    """A run of the default preset, trained in this process."""
    preset = PRESETS["grey"].run_config(dataset.id, len(dataset), dataset.schema)
    config: RunConfig = preset.with_settings({"train": {"epochs": epochs, "device": "cpu"}})
    directory = RunDirectory(workspace.place("runs", workspace.new_id()))
    directory.create(RunFile(name=name, config=config, created=time.time()))
    directory.write_status(done(result_of(work(directory, dataset))))
    return directory


@contextmanager
def timed_frames() -> Iterator[list[float]]:
    """Seconds that each look at whether to take a frame, and the taking, took."""
    seconds: list[float] = []
    take = Recorder.take

    def timed(self: Recorder, is_last: bool = False) -> None:
        started = time.perf_counter()
        take(self, is_last)
        seconds.append(time.perf_counter() - started)

    with mock.patch.object(Recorder, "take", timed):
        yield seconds


def main() -> None:
    torch.set_num_threads(1)
    folder, epochs = Path(sys.argv[1]), int((sys.argv[2:] or [EPOCHS])[0])
    with tempfile.TemporaryDirectory() as temporary:
        os.environ.setdefault("VAE_STUDIO_WORKSPACE", temporary)
        dataset = mnist(folder)
        print(f"MNIST, {len(dataset):,} digits, {epochs} epochs, preset grey, one thread", flush=True)
        print("| film | processor s | clock s | s an epoch |\n|---|---|---|---|", flush=True)
        directory = None
        with timed_frames() as seconds:
            for word, most in (("without", 0), ("with", frames.MOST_FRAMES)):
                with mock.patch.object(frames, "MOST_FRAMES", most):
                    started = time.process_time(), time.perf_counter()
                    directory = trained(dataset, epochs, f"MNIST {word} a film")
                    cpu, wall = time.process_time() - started[0], time.perf_counter() - started[1]
                print(f"| {word} | {cpu:.1f} | {wall:.1f} | {wall / epochs:.2f} |", flush=True)
                if not most:
                    workspace.discard(directory.path)
                    seconds.clear()
        assert directory is not None
        reel = Reel(directory.film)
        whole = sum(record.seconds for record in directory.read_epochs())
        print(f"\nframes took {sum(seconds):.2f} s of {whole:.1f} s of training: {sum(seconds) / whole:.2%}")
        print(f"{len(reel.epochs())} frames, {reel.size() / 1e6:.1f} MB; at most {frames.MOST_FRAMES} frames and "
              f"{frames.MOST_BYTES / 1e6:.0f} MB")  # fmt: skip


if __name__ == "__main__":
    main()
