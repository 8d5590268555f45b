"""One training in several processes: each takes a slice of every batch, and the result is that of a single one.

Every process draws the random numbers of the whole batch and keeps those of its slice; what the model says of the
slices is put together again, so that a penalty sees the whole batch; and the gradients are added up. So every objective
comes out as in one process, up to the order in which numbers are added. Synchronous data parallelism: Chen et al. 2016,
"Revisiting Distributed Synchronous SGD" (https://arxiv.org/abs/1604.00981).

torch.distributed holds one group for a process, and so does this: alone, until `join` was called, all is as it was. Who
started the processes tells them their place by the variables of torchrun: RANK, WORLD_SIZE, MASTER_ADDR, MASTER_PORT.
"""

import contextlib
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, distributed, nn
from torch.distributions import Normal

from vae_core.errors import LostWorkerError

if TYPE_CHECKING:
    from vae_core.priors import Prior
    from vae_core.vae import VAE, VAEOutput

PATIENCE = timedelta(minutes=5)
"""So long one waits for the others: the first of them also writes the epochs to disk. A process that dies is noticed at
once, as its connections close."""


def size() -> int:
    """How many processes train together, as their starter says; 1 without one."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def take_device(device: torch.device) -> None:
    """Let `cuda` mean a GPU of this process's own, where several processes stand side by side; before it is used."""
    if size() > 1 and device.type == "cuda":
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")) % torch.cuda.device_count())


@contextlib.contextmanager
def joined(device: torch.device) -> Iterator[None]:
    """Within, this process trains together with the others that were started with it, if there are any.

    Raises:
        LostWorkerError: if they do not come, or one of them dies.
    """
    if size() == 1:
        yield
        return
    with _lost():
        distributed.init_process_group("nccl" if device.type == "cuda" else "gloo", timeout=PATIENCE)
    try:
        yield
    finally:
        with contextlib.suppress(RuntimeError):  # of a group that is broken already; why, is what is to be told
            distributed.destroy_process_group()


def is_joined() -> bool:
    """Whether there is anybody to share with now."""
    return distributed.is_available() and distributed.is_initialized()


def output(
    model: "VAE",
    x: Tensor,
    noise: torch.Generator,
    labels: Tensor | None = None,
    samples: int = 1,
    seen: Tensor | None = None,
) -> "VAEOutput":
    """What a model says of a whole batch x [B, *shape], of which this process looks at its slice; as `VAE.forward`.

    All of them compute the same from it, and each gets the gradients of its own rows. A learnt prior stands beside the
    rows in every process: it gets its gradients in the first alone, so that they count once.
    """
    count = len(x) * samples
    drawn: torch.Generator | Tensor = noise
    if not model.is_deterministic:
        drawn = torch.randn(count, model.config.latents, generator=noise, device=x.device)
    if not is_joined():
        return model(x, drawn, labels, samples, seen)
    place, members = distributed.get_rank(), distributed.get_world_size()
    mine = slice(len(x) * place // members, len(x) * (place + 1) // members)
    rows = slice(mine.start * samples, mine.stop * samples)
    if isinstance(drawn, Tensor):
        drawn = drawn[rows]
    labels, seen = (part if part is None else part[mine] for part in (labels, seen))
    return _whole(model(x[mine], drawn, labels, samples, seen), rows, count)


def mean(values: Tensor) -> Tensor:
    """The mean of all values of all processes; its gradient reaches all of them."""
    if not is_joined():
        return values.mean()
    count = torch.tensor(float(values.numel()), device=values.device)
    _add(count)
    return _Total.apply(values.sum()) / count


def add_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """Let every parameter have the sum of all processes' gradients; one without any has zeros."""
    if not is_joined():
        return
    known = list(parameters)
    for parameter in known:
        if parameter.grad is None:
            parameter.grad = torch.zeros_like(parameter)
    gradients = [parameter.grad for parameter in known if parameter.grad is not None]
    flat = torch.cat([gradient.flatten() for gradient in gradients])
    _add(flat)
    for gradient, summed in zip(gradients, flat.split([g.numel() for g in gradients]), strict=True):
        gradient.copy_(summed.view_as(gradient))


def confirm(device: torch.device) -> None:
    """Ask whether all are still there: before gloo tells that one has died, it may give numbers that are none.

    All must ask at the same moment.

    Raises:
        LostWorkerError: if one has.
    """
    if is_joined():
        _add(torch.zeros(1, device=device))


@torch.no_grad()
def align(tensors: Mapping[str, Tensor], told: bytes = b"") -> bytes:
    """Let all have these tensors as the first process has them, and hear what it tells; returns that."""
    if not is_joined():
        return told
    device = next(iter(tensors.values())).device
    for _, tensor in sorted(tensors.items()):
        same = tensor.contiguous()
        _spread(same)
        tensor.copy_(same)
    length = torch.tensor(len(told), device=device)
    _spread(length)
    content = torch.zeros(int(length), dtype=torch.uint8, device=device)
    if distributed.get_rank() == 0:
        content.copy_(torch.frombuffer(bytearray(told), dtype=torch.uint8))
    _spread(content)
    return content.cpu().numpy().tobytes()


def _whole(out: "VAEOutput", mine: slice, count: int) -> "VAEOutput":
    """The rows [B, …] of all processes, of which this one has its own."""
    parts = [out.posterior.mean, out.posterior.stddev, out.latents, out.kl, out.reconstruction_loss[:, None]]
    packed = _Gathered.apply(torch.cat([part.float() for part in parts], 1), mine, count)  # [B, 4 L + 1]
    mean, std, latents, kl, loss = packed.split([part.shape[1] for part in parts], 1)
    posterior = Normal(mean, std, validate_args=False)
    return replace(
        out, posterior=posterior, latents=latents, kl=kl, reconstruction_loss=loss[:, 0], prior=_counted_once(out.prior)
    )


def _counted_once(prior: "Prior") -> "Prior":
    """The prior itself in the first process, elsewhere one that passes no gradients on."""
    if distributed.get_rank() == 0:
        return prior
    known: Any = prior  # a frozen dataclass, as all priors are
    values = {field.name: getattr(known, field.name) for field in fields(known)}
    return replace(known, **{name: value.detach() for name, value in values.items() if isinstance(value, Tensor)})


class _Gathered(torch.autograd.Function):
    """Rows of all processes in one tensor; on the way back everyone has the same gradient already, and takes its rows.

    Adding rows to zeros is exact, and needs no slices of equal size.
    """

    @staticmethod
    def forward(ctx: Any, part: Tensor, mine: slice, count: int) -> Tensor:
        ctx.mine = mine
        gathered = part.new_zeros(count, part.shape[1])
        gathered[mine] = part
        _add(gathered)
        return gathered

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        return gradients[0][ctx.mine], None, None


class _Total(torch.autograd.Function):
    """A sum over processes, on the way back too: each one's value moves the losses of all."""

    @staticmethod
    def forward(ctx: Any, part: Tensor) -> Tensor:
        total = part.clone()
        _add(total)
        return total

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        total = gradients[0].clone()
        _add(total)
        return total


def _add(tensor: Tensor) -> None:
    with _lost():
        distributed.all_reduce(tensor)


def _spread(tensor: Tensor) -> None:
    with _lost():
        distributed.broadcast(tensor, src=0)


@contextlib.contextmanager
def _lost() -> Iterator[None]:
    """Torch tells of a closed connection, and of one that never came, by errors of several classes.

    Raises:
        LostWorkerError: instead.
    """
    try:
        yield
    except RuntimeError as error:  # torch.distributed's own are its subclasses
        raise LostWorkerError(
            "One of the processes that train together was lost. The training can go on from its last epoch."
        ) from error
