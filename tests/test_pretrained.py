"""Every bundled model loads, and what its card says is so."""

import re

import pytest
import torch

from pages.ui import models
from vae_core import checkpoints, export
from vae_core.datasets import SAMPLES
from vae_core.notebook import evaluate

DIGITS = ["digits-2d", "digits-ae", "digits-beta"]
BUNDLED = [*DIGITS, "mnist-2d"]
LARGEST_FOLDER = 25 * 2**20


def card(name: str) -> dict[str, float]:
    """The numbers under the last table of the card."""
    text = (checkpoints.PRETRAINED / f"{name}.md").read_text("utf-8")
    names, _, values = re.findall(r"^\|(.*)\|$", text, re.M)[-3:]
    return {n.strip(): float(v) for n, v in zip(names.split("|"), values.split("|"), strict=True)}


def test_folder_holds_just_these_with_their_cards() -> None:
    assert checkpoints.bundled() == BUNDLED
    files = {path.name for path in checkpoints.PRETRAINED.iterdir()}
    models = {f"{name}{suffix}" for name in BUNDLED for suffix in (".safetensors", ".md")}
    assert files == {"SHA256SUMS", "graphs"} | models
    assert sum(path.stat().st_size for path in checkpoints.PRETRAINED.rglob("*")) <= LARGEST_FOLDER


def test_graphs_of_all_of_them_are_there_so_that_a_first_visit_waits_for_none(monkeypatch: pytest.MonkeyPatch) -> None:
    needed = set()
    monkeypatch.setattr(export.kept, "graph", None)  # none can be drawn
    for name in BUNDLED:
        vae = checkpoints.load(checkpoints.locate(name)).model()
        export.browser_decoder(name, "1", vae)
        export.browser_encoder(name, "1", vae)
        needed |= {export.kept.graph_name(vae, half) for half in ("decoder", "encoder")}
    found = {path.name for path in export.kept.BUNDLED.iterdir()}
    assert found == needed, "after a change of models or exporter: python -m vae_core.export"


@pytest.mark.parametrize("name", BUNDLED)
def test_codes_inside_have_the_kl_of_the_card(name: str) -> None:
    codes = checkpoints.load(checkpoints.locate(name)).codes
    assert codes is not None
    assert len(codes) == card(name)["n"]
    assert codes.kl.sum(1).mean() == pytest.approx(card(name)["kl"], abs=0.01)


@pytest.mark.parametrize("name", DIGITS)
def test_digits_are_as_good_as_the_card_says(name: str) -> None:
    digits = SAMPLES["digits"]()
    checkpoint = checkpoints.load(checkpoints.locate(name))
    found, told = evaluate(checkpoint, digits), card(name)
    assert found.reconstruction_loss.mean == pytest.approx(told["reconstruction_loss"], abs=0.01)
    assert (found.elbo.mean if found.elbo else None) == pytest.approx(told.get("elbo"), abs=0.01)
    assert checkpoint.codes is not None
    assert checkpoint.codes.dataset_id == digits.id


def test_mnist_decodes_its_own_codes_to_digits_that_encode_back() -> None:
    """Without the data at hand: decoded and encoded again, the codes come back near to where they were."""
    checkpoint = checkpoints.load(checkpoints.locate("mnist-2d"))
    assert checkpoint.codes is not None
    codes = torch.from_numpy(checkpoint.codes.mean[:500])
    vae = checkpoint.model()
    with torch.no_grad():
        back = vae.encode(vae.decode(codes)).mean
    assert (back - codes).norm(dim=1).median() < 0.25


def test_trio_differs_in_its_objective_alone() -> None:
    configs = [checkpoints.load(checkpoints.locate(name)).config for name in models.BUNDLED_TRIO]
    assert [config.objective.name for config in configs] == ["autoencoder", "vae", "beta-vae"]
    alike = [config.model_dump(exclude={"objective": True, "model": {"posterior"}}) for config in configs]
    assert alike[0] == alike[1] == alike[2]
