"""p(x | z): what a decoder's output means, and −log p(x | z) in nats, summed over the example.

A decoder gives real numbers [B, *shape]; a likelihood turns them into the reconstruction, the mean
of p(x | z), and scores x under it. Sums over pixels or columns, never means: a mean would silently
multiply β by the number of pixels.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Bernoulli(nn.Module):
    """Each pixel is on with probability sigmoid(output).

    Kingma & Welling 2014, App. C.1 (https://arxiv.org/abs/1312.6114). On grey targets this is a cross-entropy
    rather than a likelihood: its least value is the targets' own entropy.
    """

    def reconstruction(self, output: Tensor) -> Tensor:
        """The mean of p(x | z), of the shape of the output."""
        return torch.sigmoid(output)

    def loss(self, x: Tensor, output: Tensor) -> Tensor:
        """−log p(x | z) [B] in nats."""
        return F.binary_cross_entropy_with_logits(output, x, reduction="none").flatten(1).sum(1)

    def initial_output(self, mean: Tensor) -> Tensor:
        """The output that reconstructs `mean` (the logit), for the decoder's last bias."""
        return torch.logit(mean.clamp(0.01, 0.99))


class Gaussian(nn.Module):
    """Normal with one σ for all pixels, in training the best one for the batch: σ² = mean squared error.

    Rybkin, Daniilidis & Levine 2021, "Simple and effective VAE training with calibrated decoders"
    (https://arxiv.org/abs/2006.13202). For scoring after training σ is the running estimate kept here.
    """

    MIN_LOG_SIGMA = -6.0
    MEMORY = 50
    """The running estimate remembers about so many batches, fewer at the beginning."""
    log_sigma: Tensor
    batches: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("log_sigma", torch.zeros(()))
        self.register_buffer("batches", torch.zeros(()))

    def reconstruction(self, output: Tensor) -> Tensor:
        """The mean of p(x | z): the output itself."""
        return output

    def loss(self, x: Tensor, output: Tensor) -> Tensor:
        """−log p(x | z) [B] in nats (a density: can be negative)."""
        squared_error = (x - output).square()
        log_sigma = self.log_sigma
        if self.training:
            log_sigma = 0.5 * squared_error.mean().clamp_min(math.exp(2 * self.MIN_LOG_SIGMA)).log()
            self.batches.add_(1).clamp_(max=self.MEMORY)
            self.log_sigma.lerp_(log_sigma.detach(), 1 / self.batches)
        nats = 0.5 * squared_error * torch.exp(-2 * log_sigma) + log_sigma + 0.5 * math.log(2 * math.pi)
        return nats.flatten(1).sum(1)

    def initial_output(self, mean: Tensor) -> Tensor:
        """The output that reconstructs `mean`: the mean itself."""
        return mean


LIKELIHOODS: dict[str, type[Bernoulli] | type[Gaussian]] = {"bernoulli": Bernoulli, "gaussian": Gaussian}
"""name -> p(x | z)."""
