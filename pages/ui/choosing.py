"""Choosing a structure: a small grid of settings, cross-validated, and its results as a table and a plot."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st

from pages.ui import figures, state
from pages.ui.language import later, tr
from pages.ui.sentences import escape
from pages.ui.web.starts import starts
from vae_core import runs
from vae_core.config import MOST_EPOCHS
from vae_core.dataset_summary import DatasetSummary
from vae_core.errors import ConfigError, VAECoreError
from vae_core.networks import ARCHITECTURES
from vae_core.run_config import RunConfig
from vae_core.runs import Run
from vae_core.settings import with_names
from vae_core.trials import NONE_IS_BEST, Score, Study, candidates, criterion, scores, trainings

FOLDS = 3
SHARE_OF_EPOCHS = 4
"""A training of a comparison has this part of the epochs."""


def offer(
    about: DatasetSummary, config: RunConfig, check: Callable[[DatasetSummary, RunConfig], object], workers: int = 1
) -> None:
    """What to vary around the settings above, and the button that begins.

    Args:
        about: The dataset.
        config: The settings that are not varied.
        check: Raises VAECoreError if such settings do not go with the dataset.
        workers: How many share the trainings.
    """
    with st.expander(tr("Compare structures (cross-validation)"), icon=":material/balance:"):
        st.caption(
            tr(
                "Trains every combination several times, each time with another part of the data held out, around the "
                "settings above. Differences smaller than the spread mean nothing."
            )
        )
        key = f"compare-{about.id}"
        left, middle, right = st.columns(3)
        above = tr("as above")
        latents = left.text_input(tr("Latent dimensions to try"), "2, 8", key=f"{key}-latents", placeholder=above)
        betas = middle.text_input(tr("β to try"), "", key=f"{key}-beta", placeholder=above)
        networks = right.multiselect(
            tr("Architectures to try"),
            list(ARCHITECTURES),
            key=f"{key}-networks",
            format_func=tr,
            placeholder=above,
        )
        left, right = st.columns(2)
        told = tr("Each is held out once.")
        folds = left.number_input(tr("Parts of the data"), 2, 10, FOLDS, key=f"{key}-folds", help=told)
        usual = max(config.train.epochs // SHARE_OF_EPOCHS, 3)
        epochs = right.number_input(tr("Epochs of each training"), 1, MOST_EPOCHS, usual, key=f"{key}-epochs-{usual}")
        try:
            grid = _grid(latents, betas, networks)
            start = with_names(config, {"epochs": int(epochs)})
            count = _checked(about, start, grid, int(folds), check)
        except VAECoreError as error:
            st.warning(escape(tr(str(error))), icon=":material/tune:")
            return
        if st.button(tr("Compare in {count} trainings", count=count), icon=":material/balance:", key=f"{key}-start"):
            study = Study(grid=grid, folds=int(folds), final_epochs=config.train.epochs)
            name = f"{about.name}, compared"
            begin = partial(starts.limited(runs.start), name, start, study, workers)
            state.set_run_id(state.start_once(f"{start.digest}{study}{workers}", lambda: begin().id))
            st.rerun()


def _grid(latents: str, betas: str, networks: list[str]) -> dict[str, tuple[Any, ...]]:
    grid: dict[str, tuple[Any, ...]] = {}
    if latents.strip():
        grid["latents"] = tuple(int(value) for value in _numbers(later("Latent dimensions"), latents, whole=True))
    if betas.strip():
        grid["beta"] = _numbers("β", betas, whole=False)
    if networks:
        grid["architecture"] = tuple(networks)
    if not grid:
        raise ConfigError(
            later("Nothing is varied. Type numbers of latent dimensions such as 2, 8, or choose architectures.")
        )
    return grid


def _numbers(label: str, text: str, whole: bool) -> tuple[float, ...]:
    try:
        found = tuple(dict.fromkeys(float(part) for part in text.replace(";", ",").split(",") if part.strip()))
    except ValueError:
        found = (math.nan,)
    if not found or not all(map(math.isfinite, found)):  # "inf" and "1e400" are numbers to Python
        told = later("{field}: “{typed}” is no list of numbers. Type some with commas, as 2, 8.")
        raise ConfigError(told.format(field=label, typed=text[:40]))
    if whole and any(value != int(value) for value in found):
        told = later("{field}: “{typed}” are no whole numbers. Type some with commas, as 2, 8.")
        raise ConfigError(told.format(field=label, typed=text[:40]))
    return found


def _checked(
    about: DatasetSummary,
    start: RunConfig,
    grid: dict[str, tuple[Any, ...]],
    folds: int,
    check: Callable[[DatasetSummary, RunConfig], object],
) -> int:
    """How many trainings that are.

    Raises:
        VAECoreError: if one of them cannot be done, or there are too many.
    """
    for _, config in candidates(start, grid, folds, about.count):
        check(about, config)
    return trainings(grid, folds)


def told(study: Study) -> str:
    """What is compared, in words."""
    varied = "; ".join(f"{name} {', '.join(map(str, values))}" for name, values in study.grid.items())
    what = tr("compared: {varied}", varied=escape(varied))
    parts = tr("{count} parts of the data", count=study.folds)
    return f"{what} · {parts}"


def show(run: Run) -> None:
    """What a comparison has found so far."""
    found = scores(run.directory.read_trials())
    if run.study is None or not found:
        if run.is_live:
            st.caption(tr("The first training is under way; each result appears when it is measured."))
        return
    what = criterion(run.config, run.study.grid)
    if measured := [score for score in found if score.negative_elbo is not None]:
        st.plotly_chart(figures.scores(measured, what), key=f"scores-{run.id}", config={"displayModeBar": False})
    any_failed = any(score.failed for score in found)
    lines = [_line(score, run.study.folds, what) | (_failure(score) if any_failed else {}) for score in found]
    st.dataframe(lines, hide_index=True, width="stretch")
    if what == "−ELBO":
        told = tr("Validation −ELBO in nats an example at β = 1, mean ± standard deviation over the parts held out.")
    else:
        told = tr(
            "Validation {criterion} in nats an example, mean ± standard deviation over the parts held out.",
            criterion=tr(what),
        )
    st.caption(told)
    if run.status.state == "done":
        _offer_best(run, run.study, found[0])


def ending(run: Run, study: Study) -> str:
    """How a comparison ended early, and what is kept of it."""
    how = tr("Cancelled.") if run.status.state == "cancelled" else tr("The comparison was stopped.")
    done = len(run.directory.read_trials())
    kept = tr("{done} of {count} trainings are finished, and their results are kept.", done=done, count=study.trainings)
    return f"{how} {kept}"


def _offer_best(run: Run, study: Study, best: Score) -> None:
    """The button that trains the best combination."""
    if best.failed:
        st.warning(escape(tr(NONE_IS_BEST)), icon=":material/error:")
        return
    # the first version did not keep what was composed: as many as its usual share was taken of
    epochs = study.final_epochs or min(run.config.train.epochs * SHARE_OF_EPOCHS, MOST_EPOCHS)
    if st.button(
        tr("Train the best on all data: {settings}", settings=best.told if best.settings else tr(best.told)),
        key=f"train-best-{run.id}",
        type="primary",
        help=tr("With {count} epochs.", count=epochs),
    ):
        config = with_names(run.config, {"epochs": epochs} | best.settings)
        name = run.name.removesuffix(", compared")
        state.set_run_id(state.start_once(config.digest, lambda: starts.limited(runs.start)(name, config).id))
        st.rerun()


def _line(score: Score, folds: int, what: str) -> dict[str, Any]:
    return {name: str(value) for name, value in score.settings.items()} | {
        tr(what): _rounded(score.negative_elbo),
        tr("± over parts"): round(score.spread, 2),
        tr("reconstruction"): _rounded(score.reconstruction_loss),
        "KL": _rounded(score.kl),
        tr("parts done"): tr("{done} of {count}", done=score.folds, count=folds),
        tr("seconds a training"): round(score.seconds, 1),
    }


def _failure(score: Score) -> dict[str, Any]:
    return {tr("failed"): score.failed, tr("problem"): tr(score.problem)}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
