"""The form of a new run: dataset, preset, objective and everything else, checked before anything starts."""

import inspect
import math
import re
from functools import lru_cache, partial
from statistics import median
from typing import Literal

import streamlit as st

from pages.ui import choosing, findings, state
from pages.ui.forms import Form, Offers
from pages.ui.language import later, tr, trn
from pages.ui.progress import duration
from pages.ui.sentences import escape, sentences_for_errors
from pages.ui.web.starts import starts
from vae_core import checkpoints, runs
from vae_core.batches import choose_device
from vae_core.config import TrainConfig
from vae_core.dataset_summary import DatasetSummary
from vae_core.datasets import AnySchema
from vae_core.diagnosis import diagnose
from vae_core.errors import VAECoreError
from vae_core.memory import check_memory
from vae_core.objectives import OBJECTIVES
from vae_core.run_config import PRESETS, RunConfig, check_fit, held_out_count, suggested_preset
from vae_core.runs.directory import MOST_WORKERS

TOO_FEW = later("Training needs at least {count} examples, and a good model some hundreds.")
SMALL_EXAMPLE = 3072
"""A preset's speed is that of examples of at most so many numbers (32×32 in colour)."""
UNREADABLE = later("One of the settings cannot be read; a red sentence stands below it.")
LINES = (
    later("Autoencoder: a code and its reconstruction, nothing else."),
    later("β-TCVAE: of the KL's three parts, only the total correlation of the codes is weighted by β."),
    later("β-VAE: the KL term weighted by β."),
    later("Capacity-annealed β-VAE: the KL is held at a capacity that grows during training."),
    later("Denoising autoencoder: the code of a damaged example must reconstruct the whole one."),
    later("DIP-VAE: the covariance of the codes is led to the identity."),
    later("Free bits: every dimension may hold some nats for nothing, so that none is given up early."),
    later("InfoVAE with MMD: the aggregate posterior as a whole is led to the prior, each single posterior less so."),
    later("IWAE: a tighter bound from several samples of the posterior."),
    later("The variational autoencoder: the loss is −ELBO."),
)
"""How the modules of the objectives begin: `tr` tells it."""
OF_THE_PENALTY = ("warm_up", "cycles")
TRAINING = tuple(name for name in TrainConfig.model_fields if name != "epochs")


def compose(about: DatasetSummary) -> None:
    """Choose the settings, read what they come to, start."""
    state.keep_settings()
    preset = _preset(about)
    start = PRESETS[preset].run_config(about.id, about.count, about.schema_)
    form = Form(f"{state.SETTINGS}{about.id}-{preset}")
    config, workers = None, 1
    try:
        config = _settings(about, start, form)
        workers = _workers()
        outcome = _outcome(about, config, preset)
        findings.show(diagnose((), config, about.count))
        st.caption(tr(UNREADABLE) if form.problems else outcome)
    except VAECoreError as error:
        st.warning(escape(tr(str(error))), icon=":material/tune:")
        config = None
    impossible = config is None or bool(form.problems)
    if st.button(tr("Start training"), type="primary", icon=":material/play_arrow:", disabled=impossible) and config:
        sentences_for_errors(_start)(about, config, workers)
    if config and not form.problems:
        choosing.offer(about, config, check, workers)


def _start(about: DatasetSummary, config: RunConfig, workers: int) -> None:
    """Let it begin, and watch it; whoever may not is told so beside the runs that go on.

    Raises:
        VAECoreError: if it may not begin.
    """
    begin = partial(starts.limited(runs.start), about.name, config, workers=workers)
    state.set_run_id(state.start_once(f"{config.digest}-{workers}", lambda: begin().id))
    st.rerun()


def _workers() -> int:
    """How many share every batch; only a cluster has room for several.

    Raises:
        ConfigError: if there is no such runner.
    """
    if not runs.has_cluster():
        return 1
    told = tr(
        "Processes of the cluster that share every batch, or the trainings of a comparison. What comes out is the "
        "same, but for rounding."
    )
    return st.number_input(tr("Workers"), 1, MOST_WORKERS, 1, help=told, key=f"{state.SETTINGS}workers")


def _preset(about: DatasetSummary) -> str:
    suggested = suggested_preset(about.schema_)
    names = [name for name, preset in PRESETS.items() if about.schema_.kind in preset.kinds]
    chosen = st.selectbox(
        tr("Preset"),
        names,
        index=names.index(suggested),
        format_func=lambda name: _title(name, suggested),
        help=tr("A starting point: everything below begins at its values. Another preset begins anew."),
        key=f"{state.SETTINGS}preset-{about.id}",
    )
    st.caption(tr(PRESETS[chosen].description))
    return chosen


def _title(preset: str, suggested: str) -> str:
    title = tr(PRESETS[preset].title)
    return tr("{preset} (suggested)", preset=title) if preset == suggested else title


def _settings(about: DatasetSummary, start: RunConfig, form: Form) -> RunConfig:
    """What stands in the widgets.

    Raises:
        ConfigError: if that is no whole.
    """
    objective = form.choose("objective", RunConfig.model_fields["objective"], start.objective, columns=3)
    st.caption(what_it_is(objective["name"]))
    base = start.with_settings({"objective": objective})
    left, right = st.columns(2)
    with left:
        model = form.edit(base.model, ("latents",))
    with right:
        train = form.edit(base.train, ("epochs",))
    with st.expander(tr("More settings")):
        network, training = tr("Network"), tr("Training")
        st.markdown(f"**{network}**")
        model |= _network(about, base, form)
        chosen = base.with_settings({"model": model})
        st.markdown(f"**{training}**")
        without = OF_THE_PENALTY if chosen.objective.is_deterministic else ()
        names = [name for name in TRAINING if name not in without]
        train |= form.edit(chosen.train, names, _offers(about, chosen, "train"), columns=3)
    return chosen.with_settings({"train": train})


def _network(about: DatasetSummary, base: RunConfig, form: Form) -> dict[str, object]:
    """What goes with the objective, the data and one another."""
    left, middle, right = st.columns(3)
    fits = _offers(about, base, "model")
    with left:
        model = form.edit(base.model, ("architecture",), fits)
    with middle:
        model |= form.edit(base.model, ("likelihood",), fits)
    with right:
        above = st.container()
        if about.label_names:
            model |= form.edit(base.model, ("conditional",))
    if not base.objective.is_deterministic:
        with above:  # but after "conditional": not every prior goes with labels
            base = base.with_settings({"model": model})
            model |= form.edit(base.model, ("posterior", "prior"), _offers(about, base, "model"))
    return model


def what_it_is(objective: str) -> str:
    """An objective in one line with a link to its paper, from its module's docstring."""
    text = inspect.getdoc(inspect.getmodule(OBJECTIVES[objective])) or ""
    line, source, *_ = text.split("\n\n")
    found = re.search(r"(?P<who>^.+? \d{4})[^(]*\((?P<address>https?://[^\s)]+)", source, re.DOTALL)
    line = tr(line)
    return f"{line} [{found['who']}]({found['address']})" if found else line


def _offers(about: DatasetSummary, base: RunConfig, part: Literal["model", "train"]) -> Offers:
    """What a field may be changed to in settings that are sound otherwise."""

    def fits(name: str, value: object) -> bool:
        try:
            changed = base.with_settings({part: {name: value}})
            check(about, changed, build=name == "architecture")
        except VAECoreError:
            return False
        wanted = value["name"] if isinstance(value, dict) else value
        taken = getattr(getattr(changed, part), name)
        return bool(getattr(taken, "name", taken) == wanted)

    return fits


def check(about: DatasetSummary, config: RunConfig, build: bool = True) -> int:
    """The number of the model's parameters; 0 if it is not built.

    Raises:
        VAECoreError: if such a model cannot be trained on such data on this machine.
    """
    labels = len(about.label_names)
    check_fit(config, about.schema_, labels)
    choose_device(config.train.device)
    if not build:
        return 0
    return _parameters(config, about.schema_, labels)


@lru_cache(maxsize=256)
def _parameters(config: RunConfig, schema: AnySchema, labels: int) -> int:
    """How many a model has; the form asks whenever it is drawn, and a class has the same few models in it."""
    return sum(p.numel() for p in checkpoints.build(config, schema, labels, meta=True).parameters())


@lru_cache(maxsize=64)
def _check_room(config: RunConfig, schema: AnySchema, labels: int) -> None:
    """Whether a training of a sound model has the memory it takes; asked once for the same settings.

    Raises:
        ConfigError: if it has not.
    """
    if choose_device(config.train.device).type == "cpu":
        check_memory(checkpoints.build(config, schema, labels), config)


def _outcome(about: DatasetSummary, config: RunConfig, preset: str) -> str:
    """What will be trained, on how much, and about how long.

    Raises:
        VAECoreError: if it cannot be.
    """
    parameters = check(about, config)
    _check_room(config, about.schema_, len(about.label_names))
    train = config.train
    held_out = held_out_count(about.count, train.validation)
    steps = train.epochs * -(-(about.count - held_out) // train.batch_size)
    seconds = _seconds(about, config, preset)
    told = trn(
        "{parameters} parameters learn from {examples} in {count} step; {aside} are kept aside to measure on",
        "{parameters} parameters learn from {examples} in {count} steps; {aside} are kept aside to measure on",
        steps,
        parameters=f"{parameters:,}",
        examples=examples(about.count - held_out, about.schema_.kind),
        aside=f"{held_out:,}",
    )
    return told if seconds is None else " · ".join((told, tr("about {time}", time=duration(seconds))))


def examples(count: int, kind: str) -> str:
    """How many, in words."""
    told = f"{count:,}"
    return tr("{count} pictures", count=told) if kind == "image" else tr("{count} rows", count=told)


def _seconds(about: DatasetSummary, config: RunConfig, preset: str) -> float | None:
    """As long as the same took before on this data; else, of an unchanged preset, what it is made for."""
    for run in runs.list_runs():
        known = run.config
        alike = (known.dataset_id, known.model, known.objective, known.train.batch_size) == (
            config.dataset_id,
            config.model,
            config.objective,
            config.train.batch_size,
        )
        if alike and (records := run.directory.read_epochs()):
            return config.train.epochs * median(record.seconds for record in records)
    start = PRESETS[preset].run_config(about.id, about.count, about.schema_)
    if math.prod(about.schema_.shape) > SMALL_EXAMPLE or (config.model, config.objective) != (
        start.model,
        start.objective,
    ):
        return None
    return max(60 * config.train.epochs * about.count / PRESETS[preset].examples_a_minute, 1)
