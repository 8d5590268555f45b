"""Every preset with its defaults, to the end, as a run that the page would start: `python -m tests.benchmarks.presets`.

Prints the validation −ELBO (of autoencoders: the reconstruction loss) after the first and the last epoch.
"""

import os
import tempfile
import time

from tests.core.test_presets import MARGIN, datasets_for
from vae_core import runs, stored_datasets
from vae_core.run_config import PRESETS

WAIT_SECONDS = 900


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["VAE_STUDIO_WORKSPACE"] = folder
        for name, preset in PRESETS.items():
            for dataset in datasets_for(name):
                stored_datasets.save(dataset)
                run = runs.start(dataset.name, preset.run_config(dataset.id, len(dataset), dataset.schema))
                deadline = time.monotonic() + WAIT_SECONDS
                while runs.get(run.id).is_live and time.monotonic() < deadline:
                    time.sleep(0.5)
                history = run.directory.read_epochs()
                first, last = -history[0].validation.elbo, -history[-1].validation.elbo
                told = "improved" if first - last > MARGIN[dataset.schema.kind] else "DID NOT IMPROVE"
                state = runs.get(run.id).status.state
                print(
                    f"{name:18} {dataset.name[:24]:24} {state}: {first:.2f} -> {last:.2f} nats, {len(history)} epochs, "
                    f"{sum(record.seconds for record in history):.0f} s: {told}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
