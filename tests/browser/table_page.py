"""What tests of tables do with Explore."""

from typing import Any

import torch
from playwright.sync_api import Page

from tests.browser.app_process import AppProcess
from tests.browser.explorer_page import open_explorer
from tests.stored import store_model
from vae_core.checkpoints import Checkpoint
from vae_core.datasets import Dataset, TableSchema

Stored = tuple[Dataset, Checkpoint]


def open_table(page: Page, app: AppProcess, stored: Stored, query: str = "") -> str:
    """Open Explore on such a model, and wait for the encoder too; its id."""
    id = store_model(*stored)
    open_explorer(page, app.address, f"model={id}{query}")
    page.locator("[data-testid=latent-pad][data-encoder=browser]").wait_for(timeout=30_000)
    return id


def type_point(page: Page, *z: float) -> None:
    for k, number in enumerate(z):
        field = page.get_by_label(f"z{k + 1}, typed", exact=True)
        field.fill(str(number))
        field.press("Enter")
    page.wait_for_timeout(400)


def row(stored: Stored, *z: float) -> dict[str, Any]:
    """What a latent decodes to, in original units."""
    dataset, checkpoint = stored
    assert isinstance(dataset.schema, TableSchema)
    with torch.no_grad():
        x = checkpoint.model().decode(torch.tensor([z], dtype=torch.float32)).numpy()
    return {name: values[0] for name, values in dataset.schema.to_original(x).items()}
