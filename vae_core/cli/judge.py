"""`evaluate`, `encode` and `sample`: what a trained model makes of data, and what it makes up."""

import io
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from vae_core.cli.group import check_writable, checkpoint_path, kind, open_data
from vae_core.datasets import TableSchema
from vae_core.files import write_atomically

if TYPE_CHECKING:
    from vae_core.evaluation import Evaluation

SPLITS = ("all", "training", "validation")
TARGETS = ("as trained", "grey", "binarised")
SOURCES = ("mixture", "prior")
NAMES_TOLD = 10


@click.command()
@click.argument("checkpoint")
@click.argument("data")
@click.option("--split", type=click.Choice(SPLITS), default="all", help="Which part of DATA, as training divides it.")
@click.option("--targets", type=click.Choice(TARGETS), default="as trained", help="Grey or binarised pixels.")
@click.option(
    "--samples",
    type=click.IntRange(0),
    default=0,
    help="K of the importance-weighted bound on log p(x); 0 leaves it out.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
@click.option("--seed", default=0, help="Of the posterior samples.")
def evaluate(checkpoint: str, data: str, split: str, targets: str, samples: int, as_json: bool, seed: int) -> None:
    """The ELBO of CHECKPOINT on DATA, in nats an example, with z sampled."""
    from vae_core import checkpoints
    from vae_core.notebook import evaluate as measure

    started = time.perf_counter()
    loaded = checkpoints.load(checkpoint_path(checkpoint))
    dataset = open_data(data, loaded.schema)
    found = measure(loaded, dataset, split, targets, samples, seed)  # type: ignore[arg-type]  # click checked them
    if as_json:
        click.echo(json.dumps(_flat(found) | {"seconds": time.perf_counter() - started}))
        return
    loss, about = (
        found.reconstruction_loss,
        f"({found.count:,} {kind(loaded.schema)}, {split}, {found.targets} targets)",
    )
    if found.elbo is None or found.kl is None:
        click.echo(f"reconstruction loss {loss.mean:.2f} ± {loss.error:.2f} nats an example {about}")
        return
    click.echo(
        f"−ELBO {-found.elbo.mean:.2f} ± {found.elbo.error:.2f} = reconstruction loss {loss.mean:.2f} + "
        f"KL {found.kl.mean:.2f} nats an example {about}"
    )
    if found.bound:
        click.echo(f"−log p(x) at most {-found.bound.mean:.2f} ± {found.bound.error:.2f} (IWAE-{found.bound_samples})")
    if found.mutual_information:
        click.echo(
            f"{found.active_units} of {len(found.code_variance)} units active, mutual information "
            f"{found.mutual_information.mean:.2f} nats"
        )
    if not found.is_likelihood:
        click.echo("Grey pixels under a Bernoulli are scored by cross-entropy: no likelihood.")


def _flat(found: "Evaluation") -> dict[str, Any]:
    """Means as plain numbers, their standard errors under `errors`."""
    values = {name: value for name, value in found if value is not None}
    means = {name: value.mean if hasattr(value, "mean") else value for name, value in values.items()}
    errors = {name: value.error for name, value in values.items() if hasattr(value, "error")}
    return means | {"n": means.pop("count"), "errors": errors}


@click.command()
@click.argument("checkpoint")
@click.argument("data")
@click.option("--out", type=click.Path(path_type=Path), help="An .npz for posterior means, stds, KL and labels.")
@click.option("--keep", is_flag=True, help="Put the codes into the checkpoint itself, for its map.")
def encode(checkpoint: str, data: str, out: Path | None, keep: bool) -> None:
    """The codes of DATA under CHECKPOINT."""
    from vae_core import checkpoints

    if not out and not keep:
        raise click.UsageError("Say where to put the codes: --out FILE.npz, or --keep for the checkpoint itself.")
    if out:
        check_writable(out)
    path = checkpoint_path(checkpoint)
    if keep and path.parent == checkpoints.PRETRAINED:
        raise click.UsageError("A bundled model is not changed. Copy its file, and name the copy.")
    loaded = checkpoints.load(path)
    codes = loaded.encode(open_data(data, loaded.schema))
    if out:
        arrays = {"mean": codes.mean, "std": codes.std, "kl": codes.kl} | (
            {"labels": codes.labels} if codes.labels is not None else {}
        )
        _save_arrays(out, arrays)
    if keep:
        replace(loaded, codes=codes).save(path)
    click.echo(f"{len(codes):,} codes of {codes.mean.shape[1]} dimensions")


@click.command()
@click.argument("checkpoint")
@click.option("--count", type=click.IntRange(1, 1_000_000), default=64, help="How many. [64]")
@click.option("--source", type=click.Choice(SOURCES), default="mixture", help="A mixture fitted to the codes, or p(z).")
@click.option("--label", help="Of a conditional model: the name of the label that all are to have.")
@click.option("--seed", default=0, help="Of the samples.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="An .npz for latents and what they become.")
def sample(checkpoint: str, count: int, source: str, label: str | None, seed: int, out: Path) -> None:
    """What CHECKPOINT makes up: latents drawn, and decoded."""
    from vae_core import checkpoints

    check_writable(out)
    loaded = checkpoints.load(checkpoint_path(checkpoint))
    labels = None
    if label and not loaded.config.model.conditional:
        raise click.UsageError("This model is not conditional: it takes no label. Leave --label out.")
    if loaded.config.model.conditional:
        if label not in loaded.label_names:
            raise click.UsageError(
                f"Say which label, one of {', '.join(loaded.label_names[:NAMES_TOLD])}: --label NAME."
            )
        labels = np.full(count, loaded.label_names.index(label))
    latents = loaded.sample(count, source, seed)  # type: ignore[arg-type]  # click checked it
    x = loaded.decode(latents, labels)
    columns = loaded.schema.to_original(x) if isinstance(loaded.schema, TableSchema) else {}
    _save_arrays(out, {"latents": latents, "x": x} | {f"column {name}": values for name, values in columns.items()})
    click.echo(f"{count:,} samples from the {source}")


def _save_arrays(out: Path, arrays: dict[str, np.ndarray]) -> None:
    buffer = io.BytesIO()
    texts = {name: values.astype(str) if values.dtype == object else values for name, values in arrays.items()}
    np.savez_compressed(buffer, allow_pickle=False, **texts)
    write_atomically(out if out.suffix == ".npz" else out.with_name(f"{out.name}.npz"), buffer.getvalue())
