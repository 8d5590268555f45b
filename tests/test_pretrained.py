"""Every bundled model loads, and what its card says is so."""

import re

import pytest
import torch

from tests.conftest import CPU
from vae_core import checkpoints
from vae_core.batches import Examples
from vae_core.datasets import SAMPLES
from vae_core.training import measure

BUNDLED = ["digits-2d", "mnist-2d"]
LARGEST_FOLDER = 25 * 2**20


def card(name: str) -> dict[str, float]:
    """The numbers under the last table of the card."""
    text = (checkpoints.PRETRAINED / f"{name}.md").read_text("utf-8")
    names, _, values = re.findall(r"^\|(.*)\|$", text, re.M)[-3:]
    return {n.strip(): float(v) for n, v in zip(names.split("|"), values.split("|"), strict=True)}


def test_folder_holds_just_these_with_their_cards() -> None:
    assert checkpoints.bundled() == BUNDLED
    files = {path.name for path in checkpoints.PRETRAINED.iterdir()}
    assert files == {"SHA256SUMS"} | {f"{name}{suffix}" for name in BUNDLED for suffix in (".safetensors", ".md")}
    assert sum(path.stat().st_size for path in checkpoints.PRETRAINED.iterdir()) <= LARGEST_FOLDER


@pytest.mark.parametrize("name", BUNDLED)
def test_codes_inside_have_the_kl_of_the_card(name: str) -> None:
    codes = checkpoints.load(checkpoints.locate(name)).codes
    assert codes is not None
    assert len(codes) == card(name)["n"]
    assert codes.kl.sum(1).mean() == pytest.approx(card(name)["kl"], abs=0.01)


def test_digits_are_as_good_as_the_card_says() -> None:
    digits = SAMPLES["digits"]()
    checkpoint = checkpoints.load(checkpoints.locate("digits-2d"))
    terms = measure(checkpoint.model(), Examples(digits.x, CPU), torch.arange(len(digits)))
    told = card("digits-2d")
    assert terms.elbo == pytest.approx(told["elbo"], abs=0.05)
    assert terms.reconstruction_loss == pytest.approx(told["reconstruction_loss"], abs=0.05)
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
