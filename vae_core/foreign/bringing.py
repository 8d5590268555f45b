"""From files to a model that is explored like one's own.

A checkpoint of this project is opened as it is. A decoder and, if there is one, its encoder come as ONNX files: what
they do becomes a plan, and a checkpoint like any other.
"""

import math
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import torch

from vae_core import checkpoints, quotas, stored_datasets, workspace
from vae_core.batches import choose_device
from vae_core.checkpoints import Checkpoint
from vae_core.config import Bernoulli, Brought, Gaussian, ModelConfig
from vae_core.datasets import Dataset, ImageSchema
from vae_core.datasets.file import shown_name
from vae_core.datasets.schemas import SIDES
from vae_core.errors import CheckpointError, NotFoundError
from vae_core.files import full_disk_is, write_atomically
from vae_core.foreign.half import Half
from vae_core.latents.codes import NOWHERE, Codes, encode
from vae_core.objectives import Autoencoder, PlainVAE
from vae_core.priors import kl_to_standard
from vae_core.run_config import RunConfig
from vae_core.runs.directory import UNCHECKED, RunDirectory, RunFile, done
from vae_core.vae import VAE

DRAWN, DRAWN_STD = 2_000, 0.3
LEAST_SIGMA = 1e-3
NEARLY, BYTES_NEARLY = 0.02, 25.0
PIXELS: dict[str, tuple[float, float, Literal["pixels", "logits"]]] = {
    "unit": (1.0, 0.0, "pixels"),
    "symmetric": (2.0, -1.0, "pixels"),
    "bytes": (255.0, 0.0, "pixels"),
    "logits": (1.0, 0.0, "logits"),
}
"""What a pixel is: scale, shift, and what the decoder gives. Standardised ones have numbers of their own."""
Gives = Literal["pixels", "logits"]
Layout = Literal["channels-first", "channels-last"]
Spread = Literal["log-variance", "std", "none"]


@dataclass(frozen=True)
class Reading:
    """How the numbers of two halves are read.

    Attributes:
        scale, shift: A pixel p in [0, 1] is scale · p + shift to them; one number, or one a channel.
        gives: What the decoder gives.
        layout: Where the channels are.
        spread: What the encoder gives beside the mean.
    """

    scale: tuple[float, ...] = (1.0,)
    shift: tuple[float, ...] = (0.0,)
    gives: Gives = "pixels"
    layout: Layout = "channels-first"
    spread: Spread = "log-variance"


def schema_of(decoder: Half, layout: Layout) -> ImageSchema:
    """The pictures that a decoder gives.

    Raises:
        CheckpointError: if it gives none.
    """
    shape = decoder.given[0]
    count = math.prod(shape)
    if len(shape) == 3:
        channels, sides = (shape[2], shape[:2]) if layout == "channels-last" else (shape[0], shape[1:])
    elif len(shape) == 2:
        channels, sides = 1, shape
    else:
        channels = 1 if math.isqrt(count) ** 2 == count else 3
        sides = (math.isqrt(count // channels),) * 2
    least, most = SIDES
    is_square = sides[0] == sides[1] and channels * sides[0] ** 2 == count
    if channels not in (1, 3) or not is_square or not least <= sides[0] <= most:
        told = "×".join(map(str, shape))
        raise CheckpointError(
            f"{decoder.name} gives {told} numbers. Square pictures of {least} to {most} pixels in grey or colour are "
            "explored: as 1×28×28, 64×64×3 or 784."
        )
    return ImageSchema(side=sides[0], channels=channels)


def likely_layout(decoder: Half) -> Layout:
    """Where the channels are, by the decoder's shape."""
    shape = decoder.given[0]
    return "channels-last" if len(shape) == 3 and shape[2] in (1, 3) and shape[0] not in (1, 3) else "channels-first"


def likely_spread(encoder: Half | None, latents: int) -> Spread:
    """What stands beside the mean, by the names of an encoder's outputs."""
    if encoder is None:
        return "std"
    if len(encoder.given) == 1 and math.prod(encoder.given[0]) == latents:
        return "none"
    name = encoder.names[-1].lower()
    is_std = any(word in name for word in ("std", "sigma", "scale", "dev")) and "log" not in name
    return "std" if is_std else "log-variance"


def likely_pixels(decoder: Half) -> str:
    """What a pixel is to a decoder, by what it gives for draws from N(0, I): one of PIXELS."""
    low, high = float(decoder.values.min()), float(decoder.values.max())
    if low >= -NEARLY and high <= 1 + NEARLY:
        return "unit"
    if low >= -1 - NEARLY and high <= 1 + NEARLY:
        return "symmetric"
    return "bytes" if low > -BYTES_NEARLY and high > BYTES_NEARLY else "logits"


def latents_of(decoder: Half) -> int:
    """How many latents a decoder takes.

    Raises:
        CheckpointError: if its input is none.
    """
    count = math.prod(decoder.seen)
    if len(decoder.seen) != 1 or not 1 <= count <= 512:
        told = "×".join(map(str, decoder.seen))
        raise CheckpointError(
            f"{decoder.name} takes {told} numbers: a decoder takes a latent, 1 to 512 numbers in a row."
        )
    return count


def from_halves(
    decoder: Half, encoder: Half | None, reading: Reading, name: str, dataset: Dataset | None = None
) -> Checkpoint:
    """The model that two files make.

    Args:
        decoder: As it was looked at.
        encoder: Likewise; without, nothing can be encoded.
        reading: How their numbers are read.
        name: Display text.
        dataset: Whose codes are to be shown; without, the map shows draws from N(0, I).

    Raises:
        CheckpointError: if the two do not belong together, or are no halves of a model of pictures.
        DatasetError: if the dataset cannot be brought to what the model is for.
    """
    latents, schema = latents_of(decoder), schema_of(decoder, reading.layout)
    _check_encoder(encoder, latents, reading.spread)
    architecture = Brought(
        decoder=decoder.plan,
        encoder=encoder.plan if encoder else None,
        seen=encoder.seen if encoder else (),
        layout=reading.layout,
        scale=reading.scale,
        shift=reading.shift,
        gives=reading.gives,
        spread=reading.spread,
    )
    plain = encoder is not None and reading.spread == "none"
    model = ModelConfig(
        architecture=architecture,
        latents=latents,
        posterior="deterministic" if plain else "log-variance",
        likelihood=Bernoulli() if reading.gives == "logits" else Gaussian(sigma="fixed"),
    )
    objective = Autoencoder() if plain else PlainVAE()
    config = RunConfig(dataset_id=dataset.id if dataset else NOWHERE, model=model, objective=objective)
    made = Checkpoint(name, config, schema, (), _weights(config, schema, decoder, encoder))
    if dataset is not None and encoder is not None:
        config = _with_sigma(config, made.model(), made.prepare(dataset))
        made = replace(made, config=config, weights=_weights(config, schema, decoder, encoder))
    return with_codes(made, dataset)


def _check_encoder(encoder: Half | None, latents: int, spread: Spread) -> None:
    if encoder is None:
        return
    given = [math.prod(shape) for shape in encoder.given]
    expected = [latents] if spread == "none" else [latents, latents]
    if given != expected and not (spread != "none" and given == [2 * latents]):
        told = " and ".join(map(str, given))
        raise CheckpointError(
            f"{encoder.name} gives {told} numbers, and the decoder takes {latents}. An encoder gives the mean of the "
            "code and its log-variance or standard deviation, as two outputs or one after the other."
        )


def _weights(config: RunConfig, schema: ImageSchema, decoder: Half, encoder: Half | None) -> dict[str, torch.Tensor]:
    """The state of the model with the weights of the files."""
    vae = checkpoints.build(config, schema, 0)
    for half, network in ((decoder, vae.decoder), (encoder, vae.encoder)):
        if half is not None:
            weights = {f"network.w{k}": torch.tensor(weight) for k, weight in enumerate(half.weights)}
            network.load_state_dict(weights)
    return {key: value.detach().clone() for key, value in vae.state_dict().items()}


@torch.inference_mode()
def _with_sigma(config: RunConfig, vae: VAE, dataset: Dataset) -> RunConfig:
    """With the σ that explains the dataset best, so that its nats can be compared; of logits none is asked for."""
    if config.model.likelihood.name != "gaussian":
        return config
    some = torch.from_numpy(dataset.x[:: max(len(dataset) // 512, 1)]).permute(0, 3, 1, 2).float() / 255
    error = (vae.decode(vae.encode(some).mean) - some).square().mean().sqrt().item()
    likelihood = Gaussian(sigma="fixed", fixed_sigma=min(max(error, LEAST_SIGMA), 100.0))
    return config.model_copy(update={"model": config.model.model_copy(update={"likelihood": likelihood})})


def with_codes(checkpoint: Checkpoint, dataset: Dataset | None = None) -> Checkpoint:
    """With something to show on the map: the codes inside, those of the dataset, or draws from N(0, I)."""
    if checkpoint.codes is not None:
        return checkpoint
    vae = checkpoint.model()
    if dataset is None or not vae.has_encoder:
        return replace(checkpoint, codes=drawn_codes(checkpoint.config.model.latents))
    return replace(checkpoint, codes=encode(vae, checkpoint.prepare(dataset), choose_device("cpu")))


def drawn_codes(latents: int, seed: int = 0) -> Codes:
    """Codes whose aggregate posterior is N(0, I): means from N(0, 1 − s²) with the std s."""
    random = np.random.default_rng(seed)
    mean = (random.standard_normal((DRAWN, latents)) * math.sqrt(1 - DRAWN_STD**2)).astype(np.float32)
    std = np.full_like(mean, DRAWN_STD)
    posterior = torch.distributions.Normal(torch.from_numpy(mean), torch.from_numpy(std))
    return Codes(NOWHERE, mean, std, kl_to_standard(posterior).numpy(), None, ())


def from_checkpoint(content: bytes, name: str) -> Checkpoint:
    """A checkpoint of this project, as it was given away.

    Raises:
        CheckpointError: if it is none, or is damaged.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / shown_name(Path(name).name, 60).replace("/", "_")
        write_atomically(path, content)
        found = replace(Checkpoint.load(path), optimizer={})
        found = replace(found, weights={key: value.clone() for key, value in found.weights.items()})
    found.model()
    dataset = None
    if found.codes is None:
        try:
            dataset = stored_datasets.load(found.config.dataset_id)
        except NotFoundError:
            dataset = None
    return with_codes(found, dataset)


def keep(checkpoint: Checkpoint) -> str:
    """Put a model into the workspace, beside those that were trained here; its id.

    Raises:
        CheckpointError: if the disk is full.
        QuotaError: if the visitor has no room for it.
        WorkspaceError: if the workspace cannot be written to.
    """
    quotas.check()
    id = workspace.new_id()
    directory = RunDirectory(workspace.own("runs", id))
    try:
        with full_disk_is(CheckpointError):
            about = RunFile(name=checkpoint.name, config=checkpoint.config, created=time.time(), is_brought=True)
            directory.create(about)
            checkpoints.save(checkpoint, directory.checkpoint)
            directory.append_epochs(checkpoint.history)
            directory.write_status(done(UNCHECKED))
    except CheckpointError:
        workspace.discard(directory.path)
        raise
    return id
