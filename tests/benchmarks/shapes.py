"""How fast the shapes are drawn on one core: `python -m tests.benchmarks.shapes`; at least 20,000 a second."""

import statistics
import time

import numpy as np

from vae_core.datasets.samples.shapes import FACTORS, draw

PICTURES, ROUNDS, LEAST = 50_000, 5, 20_000


def main() -> None:
    began = time.perf_counter()
    draw(np.array([0]))
    first = time.perf_counter() - began
    seconds = []
    for seed in range(ROUNDS):
        index = FACTORS.sample(PICTURES, seed)
        began = time.process_time()  # of the processor: a second core would count twice
        draw(index)
        seconds.append(time.process_time() - began)
    rate = PICTURES / statistics.median(seconds)
    print(f"the first picture, with the table of crossings, after {first:.2f} s; then {rate:,.0f} pictures a second")
    assert rate >= LEAST, f"{rate:,.0f} pictures a second are fewer than {LEAST:,}"


if __name__ == "__main__":
    main()
