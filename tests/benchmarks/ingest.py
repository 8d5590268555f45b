"""`python -m tests.benchmarks.ingest`: 100,000 PNG files in a ZIP, read as an upload is, beside a plain loop.

The plain loop opens and decodes each picture with Pillow and does nothing else: no checks, no preparation, no storage.
Rates are per second of CPU time, so that other work on the machine does not count.
"""

import argparse
import io
import os
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from vae_core.datasets.archives import open_archive
from vae_core.datasets.file import File
from vae_core.datasets.pictures.read import Source, read_pictures
from vae_core.datasets.reading import Reading
from vae_core.uploads.directory import UploadDirectory, UploadFile


def write_archive(path: Path, count: int) -> None:
    """Grey 28×28 pictures of one blurred spot each, in ten folders."""
    random = np.random.default_rng(0)
    across, down = np.meshgrid(np.arange(28), np.arange(28))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for k in range(count):
            x, y = random.uniform(4, 24, 2)
            buffer = io.BytesIO()
            spot = np.exp(-((across - x) ** 2 + (down - y) ** 2) / 12) * 255
            Image.fromarray(spot.astype(np.uint8)).save(buffer, "PNG")
            archive.writestr(f"{k % 10}/{k:06}.png", buffer.getvalue())


def plain(path: Path) -> float:
    """CPU seconds of the loop that anybody would write."""
    started = time.process_time()
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            Image.open(archive.open(name)).load()
    return time.process_time() - started


def ours(path: Path, folder: Path) -> float:
    """CPU seconds of checking, reading, preparing and storing."""
    started = time.process_time()
    with open_archive(File("set.zip", path)) as archive:
        sources = [Source(m.path, partial(archive.read, m)) for m in archive.members]
        read_pictures("set.zip", sources, None, Reading(folder / "x.npy"))
    return time.process_time() - started


def as_upload(path: Path, folder: Path) -> tuple[float, float]:
    """Seconds on the clock, and the largest memory in MB of any process that took part."""
    directory = UploadDirectory(folder / "uploads" / ("a" * 26))
    directory.ask(UploadFile(names=("set.zip",), created=time.time()))
    (directory.path / "0").symlink_to(path)
    started = time.perf_counter()
    environment = os.environ | {"VAE_STUDIO_WORKSPACE": str(folder)}
    command = [sys.executable, "-m", "vae_core.uploads.worker", str(directory.path)]
    subprocess.run(command, env=environment, check=True)
    seconds = time.perf_counter() - started
    assert directory.read_status().state == "done", directory.read_status().message
    return seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def main() -> None:
    """Print both rates and their ratio, three times, and the memory of the whole upload."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    count = parser.parse_args().count
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        path = folder / "set.zip"
        write_archive(path, count)
        for _ in range(3):
            loop, read = plain(path), ours(path, folder)
            print(f"plain loop {count / loop:,.0f}/s, ours {count / read:,.0f}/s: {loop / read:.2f}× of it, per core")
        seconds, peak = as_upload(path, folder)
        print(f"as an upload: {seconds:.1f} s on the clock ({count / seconds:,.0f}/s), peak memory {peak:.0f} MB")


if __name__ == "__main__":
    main()
