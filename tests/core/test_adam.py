"""Our Adam is torch's."""

import subprocess
import sys

import pytest
import torch

from vae_core.adam import Adam

RATES = [0.01, 0.02, 0.005, 0.01] * 5


def problem() -> tuple[torch.nn.Module, torch.Tensor]:
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(5, 7), torch.nn.Tanh(), torch.nn.Linear(7, 3))
    return model, torch.randn(11, 5)


def minimised(optimizer: str) -> list[torch.Tensor]:
    model, x = problem()
    theirs = torch.optim.Adam(model.parameters(), fused=True)
    ours = Adam(model.named_parameters())
    ours._is_fused = optimizer != "plain"
    for rate in RATES:
        model.zero_grad()
        model(x).square().sum().backward()
        if optimizer == "torch":
            theirs.param_groups[0]["lr"] = rate
            theirs.step()
        else:
            ours.step(rate)
    return [p.detach() for p in model.parameters()]


def test_fused_steps_are_torchs_to_the_last_bit() -> None:
    assert all(torch.equal(a, b) for a, b in zip(minimised("ours"), minimised("torch"), strict=True))


def test_plain_steps_are_torchs() -> None:
    for a, b in zip(minimised("plain"), minimised("torch"), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6)


def test_state_goes_on_where_it_was_taken() -> None:
    (one, x), (two, _) = problem(), problem()
    first, second = Adam(one.named_parameters()), Adam(two.named_parameters())
    for model, optimizer, steps in ((one, first, 3), (two, second, 2)):
        for _ in range(steps):
            optimizer.zero_grad()
            model(x).square().sum().backward()
            optimizer.step(0.01)
    third = Adam(two.named_parameters())
    third.load({name: tensor.clone() for name, tensor in second.state().items()})
    third.zero_grad()
    two(x).square().sum().backward()
    third.step(0.01)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True))
    with pytest.raises(KeyError):
        third.load({})


@pytest.mark.parametrize("heavy", ["torch._dynamo", "sklearn"])
def test_training_does_not_load_what_it_does_not_need(heavy: str) -> None:
    """torch's compiler costs every training process two seconds and 75 MB, scikit-learn 100 MB."""
    code = (
        "import sys, torch\n"
        "from tests.conftest import stroke_dataset, trained\n"
        "trained(stroke_dataset(), epochs=1)\n"
        f"print({heavy!r} in sys.modules)\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert ran.stdout.strip() == "False"
