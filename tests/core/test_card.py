"""What goes with a model that is given away: it says how the model came about, and how to use it."""

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.conftest import png, stroke_dataset, strokes, trained, zip_of
from tests.small import small
from vae_core.card import card, command, notebook, snippet
from vae_core.checkpoints import Checkpoint
from vae_core.cli import main
from vae_core.config import ModelConfig
from vae_core.datasets import Dataset
from vae_core.objectives import AnyObjective, Autoencoder, BetaVAE, PlainVAE

POINT = (0.25, -1.5)


@pytest.mark.parametrize(
    ("model", "objective"),
    [
        (ModelConfig(), PlainVAE()),
        (small(conditional=True, latents=3), BetaVAE(beta=0.5)),
        (small("conv", "gaussian", "vamp"), PlainVAE()),
        (small(), Autoencoder()),
    ],
)
def test_command_of_the_card_trains_a_model_of_the_same_settings(
    model: ModelConfig, objective: AnyObjective, tmp_path: Path
) -> None:
    x = strokes(40, 8)
    data = tmp_path / "strokes.zip"
    data.write_bytes(zip_of({f"{'-|'[k % 2]}/{k}.png": png(x[k, ..., 0]) for k in range(40)}))
    given = trained(stroke_dataset(side=8), model, epochs=1, objective=objective)
    line = re.search(r"^\| command \| `(.*)` \|$", card(given), re.M)
    assert line
    assert line[1] == command(given)
    words = [str(data) if word == "DATA" else word for word in shlex.split(line[1])[3:]]
    ran = CliRunner().invoke(main, [*words, "--out", str(tmp_path / "again")])
    assert ran.exit_code == 0, ran.output
    again = Checkpoint.load(tmp_path / "again" / "checkpoint.safetensors").config
    assert again.model == given.config.with_settings({}).model
    assert again.objective == given.config.objective
    assert again.train == given.config.train


def test_card_has_the_figures_of_the_examples_held_out(tiny_checkpoint: Checkpoint) -> None:
    told = card(tiny_checkpoint)
    terms = tiny_checkpoint.history[-1].validation
    assert f"| {terms.elbo:.2f} | {terms.reconstruction_loss:.2f} | {terms.kl:.2f} |" in told
    assert "| data | pictures of shape 1 × 8 × 8 |" in told


def test_name_in_a_card_is_text(tiny_images: Dataset) -> None:
    told = card(trained(tiny_images, name="<b>a</b> | [b](c)\n# d", epochs=1))
    assert told.startswith("# \\<b\\>a\\</b\\> \\| \\[b\\](c) \\# d\n")


def test_snippet_takes_words_in_the_place_of_numbers(tiny_images: Dataset) -> None:
    assert "decode([[{z}]])" in snippet(trained(tiny_images, epochs=1), "{z}", "{label}")
    conditional = trained(tiny_images, small(conditional=True), epochs=1)
    assert "decode([[{z}]], [{label}])" in snippet(conditional, "{z}", "{label}")
    assert "decode([[0.25, -1.5]], [1])" in snippet(conditional, POINT, 1)
    assert "[[0.25, -1.5" in notebook(conditional, POINT)
