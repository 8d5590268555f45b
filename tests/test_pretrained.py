"""Every bundled model loads, and what its card says is so."""

import io
import re
from functools import cache

import numpy as np
import pytest
import torch
from PIL import Image

from pages.ui import models, portraits
from pages.ui.gallery import GALLERY, PICTURES, Exhibit
from pages.ui.lessons import collapse, tug
from vae_core import checkpoints, export
from vae_core.datasets import SAMPLES, Dataset
from vae_core.metrics.dci import dci
from vae_core.metrics.mig import mutual_information_gap
from vae_core.notebook import evaluate
from vae_core.records import ACTIVE_VARIANCE

OF_BUILT_IN_DATA = {
    "digits-2d": "digits",
    "digits-ae": "digits",
    "digits-beta": "digits",
    "faces-12d": "faces",
    "houses-2d": "houses",
    "moons-2d": "moons",
    "shapes-tcvae": "shapes",
    "shapes-vae": "shapes",
}
OF_LESSONS = [*tug.MODELS.values(), *collapse.MODELS]
OF_MNIST = ["mnist-16d", "mnist-2d"]
BUNDLED = sorted([*OF_BUILT_IN_DATA, *OF_LESSONS, *OF_MNIST])
DRAWS = 8
LARGEST_FOLDER = 25 * 2**20


def card(name: str) -> dict[str, float]:
    """The numbers under the last table of the card."""
    text = (checkpoints.PRETRAINED / f"{name}.md").read_text("utf-8")
    names, _, values = re.findall(r"^\|(.*)\|$", text, re.M)[-3:]
    return {n.strip(): float(v) for n, v in zip(names.split("|"), values.split("|"), strict=True)}


@cache
def built_in(name: str) -> Dataset:
    return SAMPLES[name]()


def test_folder_holds_just_these_with_their_cards() -> None:
    assert checkpoints.bundled() == BUNDLED
    files = {path.name for path in checkpoints.PRETRAINED.iterdir()}
    with_cards = {f"{name}{suffix}" for name in BUNDLED for suffix in (".safetensors", ".md")}
    assert files == {"SHA256SUMS", "graphs", "pictures"} | with_cards
    assert {path.name for path in PICTURES.iterdir()} == {f"{exhibit.name}.png" for exhibit in GALLERY}
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


@pytest.mark.parametrize(("name", "data"), [*OF_BUILT_IN_DATA.items(), *((name, "digits") for name in OF_LESSONS)])
def test_model_is_as_good_as_its_card_says(name: str, data: str) -> None:
    checkpoint = checkpoints.load(checkpoints.locate(name))
    found, told = evaluate(checkpoint, built_in(data)), card(name)
    assert found.reconstruction_loss.mean == pytest.approx(told["reconstruction_loss"], abs=0.01, rel=1e-5)
    assert (found.elbo is None) == ("elbo" not in told)
    assert found.elbo is None or found.elbo.mean == pytest.approx(told["elbo"], abs=0.01, rel=1e-5)
    assert checkpoint.codes is not None
    assert checkpoint.codes.dataset_id == built_in(data).id


@pytest.mark.parametrize("name", models.BUNDLED_PAIR)
def test_factors_are_as_far_apart_as_the_card_says(name: str) -> None:
    codes, factors = checkpoints.load(checkpoints.locate(name)).codes, built_in("shapes").factors
    assert codes is not None
    assert factors is not None
    active = codes.mean[:, codes.mean.var(0) > ACTIVE_VARIANCE]
    assert mutual_information_gap(active, factors).score == pytest.approx(card(name)["mig"], abs=0.001)


@pytest.mark.slow
@pytest.mark.parametrize("name", models.BUNDLED_PAIR)
def test_gap_of_every_factor_and_dci_are_those_of_the_card(name: str) -> None:
    text = (checkpoints.PRETRAINED / f"{name}.md").read_text("utf-8")
    found = re.search(r"^\| shape \|.*\n.*\n\|(.*)\|$", text, re.M)
    assert found
    told = [float(value) for value in found[1].split("|")]
    codes, factors = checkpoints.load(checkpoints.locate(name)).codes, built_in("shapes").factors
    assert codes is not None
    assert factors is not None
    active = codes.mean[:, codes.mean.var(0) > ACTIVE_VARIANCE]
    gaps, by_trees = mutual_information_gap(active, factors).gaps, dci(active, factors)
    assert gaps.tolist() == pytest.approx(told[:5], abs=0.001)
    measured = (by_trees.disentanglement, by_trees.completeness, by_trees.informativeness)
    assert measured == pytest.approx(tuple(told[5:]), abs=0.01)


@pytest.mark.parametrize("name", OF_MNIST)
def test_mnist_decodes_its_own_codes_to_digits_that_encode_back(name: str) -> None:
    """Without the data at hand: decoded and encoded again, the codes come back near to where they were."""
    checkpoint = checkpoints.load(checkpoints.locate(name))
    assert checkpoint.codes is not None
    codes = torch.from_numpy(checkpoint.codes.mean[:500])
    vae = checkpoint.model()
    with torch.no_grad():
        back = vae.encode(vae.decode(codes)).mean
    of_two = (2 / codes.shape[1]) ** 0.5  # distances grow with the root of the dimensions
    assert (back - codes).norm(dim=1).median() * of_two < 0.25


def test_trio_differs_in_its_objective_alone() -> None:
    configs = [checkpoints.load(checkpoints.locate(name)).config for name in models.BUNDLED_TRIO]
    assert [config.objective.name for config in configs] == ["autoencoder", "vae", "beta-vae"]
    alike = [config.model_dump(exclude={"objective": True, "model": {"posterior"}}) for config in configs]
    assert alike[0] == alike[1] == alike[2]


def test_pair_differs_in_its_objective_alone() -> None:
    configs = [checkpoints.load(checkpoints.locate(name)).config for name in models.BUNDLED_PAIR]
    assert [config.objective.name for config in configs] == ["beta-tcvae", "vae"]
    assert configs[0].model_copy(update={"objective": configs[1].objective}) == configs[1]


def test_every_bundled_model_is_in_the_gallery_or_in_a_lesson() -> None:
    shown = {exhibit.name for exhibit in GALLERY if exhibit.name in BUNDLED}
    shown = shown.union(*(exhibit.compared for exhibit in GALLERY))
    assert shown.isdisjoint(OF_LESSONS)
    assert shown.union(OF_LESSONS) == set(BUNDLED) == set(models.BUNDLED_TITLES)


@cache
def kept_aside(name: str) -> tuple[float, float, float]:
    """−ELBO, its spread over draws of z, and KL of the examples kept aside, means over draws."""
    checkpoint = checkpoints.load(checkpoints.locate(name))
    found = [evaluate(checkpoint, built_in("digits"), split="validation", seed=seed) for seed in range(DRAWS)]
    cost = np.array([one.reconstruction_loss.mean + one.kl.mean for one in found])
    return float(cost.mean()), float(cost.std()), float(np.mean([one.kl.mean for one in found]))


@pytest.mark.parametrize("name", OF_LESSONS)
def test_numbers_of_a_lesson_are_those_of_its_models(name: str) -> None:
    """What was measured in training on the examples kept aside is one of the draws."""
    checkpoint = checkpoints.load(checkpoints.locate(name))
    cost, spread, kl = kept_aside(name)
    told = checkpoint.measured.validation
    assert -told.elbo == pytest.approx(cost, abs=4 * spread + 0.05)
    assert kl == pytest.approx(told.kl, abs=0.01)
    assert evaluate(checkpoint, built_in("digits")).active_units == card(name)["active_units"]


@pytest.mark.parametrize("names", [list(tug.MODELS.values()), list(collapse.MODELS)], ids=["tug", "collapse"])
def test_answer_of_a_lesson_is_no_chance_of_one_draw(names: list[str]) -> None:
    recorded = [-checkpoints.load(checkpoints.locate(name)).measured.validation.elbo for name in names]
    cost, spread = np.array([kept_aside(name)[:2] for name in names]).T
    best, second = np.argsort(cost)[:2]
    assert best == np.argmin(recorded)
    assert cost[second] - cost[best] > 2 * np.hypot(spread[best], spread[second]) / DRAWS**0.5


def test_models_of_the_tug_of_war_differ_in_beta_alone() -> None:
    configs = {beta: checkpoints.load(checkpoints.locate(name)).config for beta, name in tug.MODELS.items()}
    assert all(config.objective.beta == beta for beta, config in configs.items())
    alike = {config.model_dump_json(exclude={"objective"}) for config in configs.values()}
    assert len(alike) == 1


def test_models_of_the_collapse_differ_in_one_thing_each() -> None:
    configs = {name: checkpoints.load(checkpoints.locate(name)).config for name in collapse.MODELS}
    plain = configs.pop(collapse.PLAIN)
    differences = {
        name: {part for part in ("model", "train", "objective") if getattr(config, part) != getattr(plain, part)}
        for name, config in configs.items()
    }
    assert differences == {
        "lesson-8d-beta-3": {"objective"},
        "lesson-8d-free-bits": {"objective"},
        "lesson-8d-warm-up": {"train"},
    }


@pytest.mark.parametrize("exhibit", GALLERY, ids=lambda exhibit: exhibit.name)
def test_picture_in_the_gallery_is_what_the_model_gives(exhibit: Exhibit) -> None:
    """To a level of grey on average, as another processor may round otherwise."""
    kept, drawn = (
        np.asarray(Image.open(io.BytesIO(png), formats=["PNG"]).convert("RGBA"), dtype=int)
        for png in ((PICTURES / f"{exhibit.name}.png").read_bytes(), portraits.portrait(exhibit))
    )
    assert kept.shape == drawn.shape, "after a change of models or pictures: python -m pages.ui.portraits"
    assert kept.shape[1] / kept.shape[0] == pytest.approx(1.5, abs=0.03)
    assert np.abs(kept - drawn).mean() < 1, "after a change of models or pictures: python -m pages.ui.portraits"
