"""Up to what size a decoder is better off in the browser: `python -m tests.benchmarks.decoder_size`.

Untrained decoders of growing width, decoded 50 times each in the browser and over the WebSocket, in turn.
"""

import os
import statistics
import tempfile
import time
from pathlib import Path

import torch
from playwright.sync_api import sync_playwright

from pages.ui import browser_runtime, cache, explorer
from tests.browser.app_process import AppProcess, launch
from tests.conftest import CPU, stroke_dataset
from tests.stored import store_model
from vae_core.checkpoints import Checkpoint
from vae_core.config import Conv, Gaussian, Mlp, ModelConfig
from vae_core.example import ExampleSpec
from vae_core.latents.codes import encode
from vae_core.run_config import RunConfig
from vae_core.vae import VAE

MODELS = [
    ("mlp", 28, 384),
    ("mlp", 64, 1024),
    ("mlp", 128, 384),
    ("conv", 64, 384),
    ("conv", 128, 512),
]
ARCHITECTURES = {
    "mlp": lambda width: Mlp(widths=(width, width * 2 // 3)),
    "conv": lambda width: Conv(channels=width // 16, width=width),
}
DECODES = 50

DECODE = """async ([data, onServer, count]) => {
  const { openDecoder } = await import(new URL(data.modules + "networks.js", location.origin).href);
  data.decoder.why_server = onServer ? "measured" : "";
  const began = performance.now();
  const decoder = await openDecoder(data);
  await decoder.decode(new Float32Array(data.latents));
  const opened = performance.now() - began;
  const times = [];
  for (let k = 0; k < count; k += 1) {
    const start = performance.now();
    await decoder.decode(Float32Array.from({ length: data.latents }, Math.random));
    times.push(performance.now() - start);
  }
  decoder.close();
  return [opened, times];
}"""


def store(architecture: str, side: int, width: int) -> tuple[str, int]:
    """The id of an untrained model, and the parameters of its decoder."""
    dataset = stroke_dataset(count=4, side=side, channels=3)
    config = RunConfig(
        dataset_id=dataset.id,
        model=ModelConfig(architecture=ARCHITECTURES[architecture](width), likelihood=Gaussian()),
    )
    vae = VAE(config.model, ExampleSpec.of(dataset.schema))
    checkpoint = Checkpoint("untrained", config, dataset.schema, (), vae.state_dict(), codes=encode(vae, dataset, CPU))
    return store_model(dataset, checkpoint), sum(p.numel() for p in vae.decoder.parameters())


def main() -> None:
    assert browser_runtime.install()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        os.environ["VAE_STUDIO_WORKSPACE"] = folder
        app = AppProcess(Path(folder))
        browser = launch(playwright)
        page = browser.new_page()
        page.goto(app.address)
        print("| decoder | parameters | ONNX MB | opened in browser s | browser median ms | server median ms |")
        print("|---|---|---|---|---|---|")
        try:
            for architecture, side, width in MODELS:
                id, parameters = store(architecture, side, width)
                model = cache.newest_model(id)
                size = cache.decoder_file(id, model.version).stat().st_size
                of_version = (id, model.version)
                data = explorer.describe(model, cache.codes(*of_version), cache.layout(*of_version), None, "/studio")
                opened, in_browser = page.evaluate(DECODE, [data, False, DECODES])
                _, on_server = page.evaluate(DECODE, [data, True, DECODES])
                print(
                    f"| {architecture} {width}, {side}×{side}×3 | {parameters / 1e6:.1f} M | {size / 2**20:.0f} | "
                    f"{opened / 1000:.2f} | {statistics.median(in_browser):.1f} | {statistics.median(on_server):.1f} |",
                    flush=True,
                )
                time.sleep(0.5)
        finally:
            browser.close()
            app.stop()


if __name__ == "__main__":
    main()
