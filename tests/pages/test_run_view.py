"""A run on the Train page: its curves, what they say, and the buttons that apply."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import plotly.graph_objects as go
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.ui import figures, models
from tests.conftest import stroke_dataset, trained
from tests.pages.test_pages import open_page, press
from tests.small import small
from tests.stored import store_model
from vae_core import checkpoints, runs
from vae_core.checkpoints import Checkpoint
from vae_core.objectives import Autoencoder
from vae_core.records import EpochRecord
from vae_core.runs import jobs
from vae_core.runs.crew import WAITING
from vae_core.runs.directory import State, Status


@pytest.fixture(autouse=True)
def fresh_caches() -> Iterator[None]:
    yield
    st.cache_resource.clear()


def store(checkpoint: Checkpoint, state: State = "done", message: str = "") -> str:
    id = store_model(stroke_dataset(), checkpoint)
    directory = runs.get(id).directory
    if state == "cancelled":
        directory.ask_to_cancel()
    directory.write_status(Status(state=state, done=0.5, message=message, attempts=2))
    return id


def show(id: str) -> AppTest:
    return open_page("train", run=id)


def buttons(app: AppTest) -> set[str]:
    return {button.label for button in app.button} & {"Explore", "Cancel", "Go on", "Take the best epoch"}


def autoencoder() -> Checkpoint:
    checkpoint = trained(stroke_dataset(), small(posterior="deterministic"))
    return replace(checkpoint, config=checkpoint.config.model_copy(update={"objective": Autoencoder()}))


def overfitted(checkpoint: Checkpoint) -> Checkpoint:
    """Epoch 1 again as epoch 3, but much worse on validation and better on what was learnt."""
    first, second = checkpoint.history
    worse = first.validation.model_copy(update={"reconstruction_loss": first.validation.reconstruction_loss + 90})
    better = second.train.model_copy(update={"reconstruction_loss": second.train.reconstruction_loss - 9})
    third = second.model_copy(update={"epoch": 3, "validation": worse, "train": better})
    return replace(checkpoint, history=(*checkpoint.history, third))


def keep_as_best(id: str, checkpoint: Checkpoint) -> None:
    checkpoints.save(replace(checkpoint, history=checkpoint.history[:2], epoch=2), runs.get(id).directory.best)


def test_vae_has_three_curves_and_with_many_latents_a_map_of_its_kl(tiny_checkpoint: Checkpoint) -> None:
    assert len(show(store(tiny_checkpoint)).get("plotly_chart")) == 3
    many = trained(stroke_dataset(), small(latents=5))
    assert len(show(store(many)).get("plotly_chart")) == 4


def test_autoencoder_has_one_curve() -> None:
    assert len(show(store(autoencoder())).get("plotly_chart")) == 1


def test_what_the_curves_say_stands_in_calm_boxes(tiny_checkpoint: Checkpoint) -> None:
    said = [info.value for info in show(store(overfitted(tiny_checkpoint))).info]
    assert any("40 examples are few" in text for text in said)
    assert any("learns its examples by heart" in text and "patience" in text for text in said)


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("done", {"Explore"}),
        ("cancelled", {"Explore", "Go on"}),
        ("failed", {"Explore", "Go on"}),
        ("interrupted", {"Explore", "Go on"}),
    ],
)
def test_buttons_are_those_that_apply(tiny_checkpoint: Checkpoint, state: State, expected: set[str]) -> None:
    assert buttons(show(store(tiny_checkpoint, state))) == expected


def test_failed_run_says_why(tiny_checkpoint: Checkpoint) -> None:
    app = show(store(tiny_checkpoint, "failed", "The disk is full. *Make* room."))
    assert app.warning[0].value == "The disk is full. \\*Make\\* room."


def test_going_on_twice_from_two_tabs_goes_on_once(tiny_checkpoint: Checkpoint, end_runs: None) -> None:
    id = store(tiny_checkpoint, "cancelled")
    here, there = show(id), show(id)
    press(here, "Go on")
    assert runs.get(id).is_live
    assert "Cancel" in buttons(here)
    press(there, "Go on")
    assert not there.error
    assert "Cancel" in buttons(there)


@pytest.mark.slow
@pytest.mark.parametrize("state", ["done", "cancelled"])
def test_best_epoch_is_taken_once_and_the_facts_say_so(
    tiny_checkpoint: Checkpoint, wait_for, end_runs: None, state: State
) -> None:
    checkpoint = overfitted(tiny_checkpoint)
    id = store(checkpoint, state)
    assert "Take the best epoch" not in buttons(show(id))  # it was not kept
    keep_as_best(id, checkpoint)
    app, other = show(id), show(id)
    press(app, "Take the best epoch")
    press(other, "Take the best epoch")
    assert not other.error
    wait_for(lambda: not runs.get(id).is_live, 60)
    assert runs.get(id).status.state == "done"
    app.run()
    assert buttons(app) == {"Explore"}
    assert any("is that of epoch 2, the best one" in caption.value for caption in app.caption)
    loaded = checkpoints.load(checkpoints.locate(id))
    assert "3 epochs, the model of epoch 2" in models.facts(loaded)


def test_facts_of_every_kind_of_model_read_well() -> None:
    def facts(**options: object) -> str:
        return models.facts(trained(stroke_dataset(), small(**options), epochs=1))  # type: ignore[arg-type]

    assert "VAE · mlp · 2 latents · bernoulli · 1 epoch · validation −ELBO" in facts()
    assert "1 latent · gaussian" in facts(likelihood="gaussian", latents=1)
    assert "mixture prior of 3 · conditional" in facts(prior="mixture", conditional=True)
    assert "VampPrior of 4" in facts(prior="vamp")
    assert "Autoencoder · mlp · 2 latents · bernoulli · 2 epochs · validation reconstruction loss" in (
        models.facts(autoencoder())
    )


def test_run_that_waits_in_a_cluster_says_so(tiny_checkpoint: Checkpoint) -> None:
    id = store(tiny_checkpoint, "queued", WAITING)
    folder = runs.get(id).directory.path
    jobs.write(folder, jobs.Job(runner="ray", id="1", address=""))
    (folder / "beat").touch()
    app = show(id)
    assert WAITING in [caption.value for caption in app.caption]
    assert "Cancel" in buttons(app)


def test_figures_are_drawn_once_for_all_who_watch_and_anew_for_a_new_epoch(
    tiny_checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[int] = []
    loss_curve = figures.loss_curve

    def counted(records: Sequence[EpochRecord], *more: Any, **named: Any) -> go.Figure:
        drawn.append(len(records))
        return loss_curve(records, *more, **named)

    monkeypatch.setattr(figures, "loss_curve", counted)
    id = store(tiny_checkpoint)
    show(id)
    assert drawn == [2, 2, 2]
    show(id)
    assert drawn == [2, 2, 2]
    last = tiny_checkpoint.history[-1]
    runs.get(id).directory.append_epochs([last.model_copy(update={"epoch": 3})])
    show(id)
    assert drawn == [2, 2, 2, 3, 3, 3]
