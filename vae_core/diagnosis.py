"""What the curves of a run say, in sentences that teach. Everything is computed from the records; nothing is guessed.

Read by pages and the command line without loading torch.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from vae_core.records import ACTIVE_VARIANCE, EpochRecord
from vae_core.run_config import RunConfig, held_out_count

Kind = Literal[
    "too few examples", "batch larger than the set", "collapse", "unused dimensions", "overfitting", "divergence"
]

FEW_EXAMPLES = 200
EMPTY_NATS = 0.05
"""A dimension that is not active and whose KL is below this tells the decoder nothing."""
RISE_SHARE = 0.01
LEAST_RISE = 0.5
"""Validation counts as rising from so many nats on, and from 1 % on."""
LEAST_BATCH = 8
LISTED = 6
"""So many dimensions are named one by one."""


@dataclass(frozen=True)
class Finding:
    """Something that a person should know of a run.

    Attributes:
        kind: What it is.
        sentence: What was found, with its figures.
        advice: What to try.
    """

    kind: Kind
    sentence: str
    advice: str


def best_epoch(history: Sequence[EpochRecord]) -> int:
    """The epoch of the best validation −ELBO, the first of equal ones; the history is not empty."""
    return max(history, key=lambda record: record.validation.elbo).epoch


def diagnose(history: Sequence[EpochRecord], config: RunConfig, examples: int) -> tuple[Finding, ...]:
    """What is to be said of a run.

    Args:
        history: Its epochs so far; may be empty.
        config: Its settings.
        examples: How many the dataset has, validation included.
    """
    learnt = examples - held_out_count(examples, config.train.validation)
    found = [*_few(examples), *_large_batch(config.train.batch_size, learnt)]
    if history:
        found += [*_divergence(history), *_collapse(history, config), *_overfitting(history, config)]
    return tuple(found)


def _few(examples: int) -> list[Finding]:
    if examples >= FEW_EXAMPLES:
        return []
    return [
        Finding(
            "too few examples",
            f"{examples} examples are few: the model can learn each by heart, and {FEW_EXAMPLES} or more are better.",
            "Look at the validation curve, not at the training curve; bring more data, or take a small network.",
        )
    ]


def _large_batch(batch: int, learnt: int) -> list[Finding]:
    if batch <= learnt:
        return []
    return [
        Finding(
            "batch larger than the set",
            f"A batch of {batch} is larger than the {learnt} examples to learn from, so an epoch is a single step.",
            f"Choose a batch size of {max(learnt // 10, min(LEAST_BATCH, learnt))} or so, or many more epochs.",
        )
    ]


def _collapse(history: Sequence[EpochRecord], config: RunConfig) -> list[Finding]:
    """Dimensions that hold nothing: posterior equal to the prior whatever x is (Bowman et al. 2016, §2.1)."""
    last = history[-1].validation
    variance = last.code_variance
    if config.objective.is_deterministic or not variance:
        return []
    empty = [j for j, kl in enumerate(last.kl_per_dimension) if abs(kl) < EMPTY_NATS and variance[j] <= ACTIVE_VARIANCE]
    if not empty:
        return []
    since = {j: _empty_since(history, j) for j in empty}
    tries = _against_collapse(config)
    if len(empty) == len(variance):
        return [
            Finding(
                "collapse",
                f"Posterior collapse: since epoch {max(since.values())} no dimension tells the decoder anything (KL "
                f"{last.kl:.3f} nats), so every reconstruction is the same.",
                f"Try {tries}.",
            )
        ]
    return [
        Finding(
            "unused dimensions",
            f"{len(empty)} of {len(variance)} dimensions hold less than {EMPTY_NATS} nats: {_listed(since)}; "
            f"{last.active_units} are active.",
            f"Often the model needs no more of them. To use more, try {tries}.",
        )
    ]


def _listed(since: Mapping[int, int]) -> str:
    """Dimensions and their epochs in words, the earliest first: "z2 and z3 since epoch 4, z5 since epoch 9"."""
    ordered = sorted(since, key=lambda j: (since[j], j))
    groups = []
    for epoch, group in groupby(ordered[:LISTED], key=lambda j: since[j]):
        *others, last = (f"z{j + 1}" for j in group)
        groups.append(
            f"{', '.join(others)} and {last} since epoch {epoch}" if others else f"{last} since epoch {epoch}"
        )
    if len(ordered) > LISTED:
        groups.append(f"and {len(ordered) - LISTED} more")
    return ", ".join(groups)


def _empty_since(history: Sequence[EpochRecord], j: int) -> int:
    """The epoch from which on a dimension has been empty without a break."""
    since = history[-1].epoch
    for record in reversed(history):
        if abs(record.validation.kl_per_dimension[j]) >= EMPTY_NATS:
            break
        since = record.epoch
    return since


def _against_collapse(config: RunConfig) -> str:
    """What to try, as the object of a sentence."""
    tries = []
    beta = getattr(config.objective, "beta", 1.0)
    if beta > 1:
        tries.append(f"a smaller β than {beta:g}")
    if config.train.warm_up < 0.3:
        tries.append("a KL warm-up over half of the training")
    if config.objective.name != "free-bits":
        tries.append("free bits")
    if config.train.cycles == 1:
        tries.append("four cycles")
    return " or ".join(tries) or "a larger decoder or fewer dimensions"


def _divergence(history: Sequence[EpochRecord]) -> list[Finding]:
    """A training loss far above where it began, though still a number."""
    first, last = history[0].train.reconstruction_loss, history[-1].train.reconstruction_loss
    if last - first <= max(abs(first), LEAST_RISE):
        return []
    return [
        Finding(
            "divergence",
            f"The training diverged: its reconstruction loss is {last:.4g} nats, and was {first:.4g} after the first "
            "epoch.",
            "Try a learning rate ten times smaller.",
        )
    ]


def _overfitting(history: Sequence[EpochRecord], config: RunConfig) -> list[Finding]:
    """Validation −ELBO above its best while training −ELBO fell far below it: not where a penalty raised both."""
    best, last = history[best_epoch(history) - 1], history[-1]
    rise = best.validation.elbo - last.validation.elbo
    fall = last.train.elbo - best.train.elbo
    gap = last.train.elbo - last.validation.elbo
    if rise < max(LEAST_RISE, RISE_SHARE * abs(best.validation.elbo)) or fall <= 0 or gap < rise / 2:
        return []
    what = "reconstruction loss" if config.objective.is_deterministic else "−ELBO"
    return [
        Finding(
            "overfitting",
            f"Since epoch {best.epoch} the validation {what} has risen from {-best.validation.elbo:.1f} to "
            f"{-last.validation.elbo:.1f} nats while training fell to {-last.train.elbo:.1f}: the model learns its "
            "examples by heart.",
            f"Take the model of epoch {best.epoch}, or train with patience so that it stops there; more data or a "
            "smaller network help too.",
        )
    ]
