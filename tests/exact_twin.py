"""A network and its twin in float64, and the digits on which their gradients may be compared."""

import copy

import torch
from torch import Tensor, nn

from lab.mnist import Mnist, normalize, to_unit
from lab.network import Dropout, build_network
from lab.network_config import NetworkConfig

PICTURES = ("a black background", "ink everywhere", "ink in the first pixel", "a blank picture among them")


def noisy_digits(mnist: Mnist, count: int, pictures: str) -> tuple[Tensor, Tensor]:
    """Normalised digits and their labels; noise keeps any two values of the ink from being equal.

    Its seed is one with which no map is nearly 0 all over a background: there ReLU's gradient would hang on rounding
    (`clear_of_kinks` sees to the single values).
    """
    digits = to_unit(mnist.train_images[:count])
    noise = torch.rand(digits.shape, generator=torch.Generator().manual_seed(2)) * 0.1
    images = torch.where(digits > 0, digits * 0.9 + noise, noise if pictures == "ink everywhere" else torch.zeros(()))
    if pictures == "ink in the first pixel":
        images[0, 0, 0, 0] = 0.7
    if pictures == "a blank picture among them":
        images[1] = 0
    return normalize(images), mnist.train_labels[:count]


def with_its_exact_twin(config: NetworkConfig) -> tuple[nn.Sequential, nn.Sequential]:
    """A network and its copy in float64; batch norm with a scale and shift of its own."""
    network = build_network(config, seed=3)
    generator = torch.Generator().manual_seed(5)
    for module in network:
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5, generator=generator)
            nn.init.uniform_(module.bias, -0.5, 0.5, generator=generator)
    return network, copy.deepcopy(network).double()


def clear_of_kinks(exact: nn.Sequential, images: Tensor) -> Tensor:
    """`images`, with more noise on their ink until no gradient of `exact` hangs on rounding.

    It does where a ReLU sees nearly 0, or a pooling two values that are nearly equal: which side they fall on depends
    on the order of a sum, so on the processor.
    """
    generator = torch.Generator().manual_seed(4)
    for _ in range(100):
        if not _near_a_kink(exact, images):
            return images
        noise = torch.rand(images.shape, generator=generator) * 0.1
        images = torch.where(images > images.min(), images + noise, images)
    raise AssertionError("no noise in a hundred keeps this network's gradient from hanging on rounding")


@torch.no_grad()
def _near_a_kink(exact: nn.Sequential, images: Tensor) -> bool:
    """Whether a kink is nearer than 2e-7 of the largest value: float32's rounding of a sum. Equals are decided.

    Values of a background are equals that some processors round apart: 1e-13 of the largest is float64's own rounding.
    Whichever a pooling takes, what lies behind it is the same.

    Without dropout: PyTorch's draws would answer otherwise each time, and they are not the engine's.
    """
    values = images.double()
    for module in copy.deepcopy(exact):  # batch norm moves its statistics
        if isinstance(module, nn.ReLU):
            distance = values.abs()
        elif isinstance(module, nn.MaxPool2d):
            size, stride = module.kernel_size, module.stride
            assert isinstance(size, int) and isinstance(stride, int)  # as the lab makes them
            windows = values.unfold(2, size, stride).unfold(3, size, stride).flatten(4)
            first, second = windows.topk(min(2, size * size)).values[..., [0, -1]].unbind(-1)
            distance = torch.where(first - second < 1e-13 * values.abs().max(), 0, first - second)
        else:
            distance = values.new_empty(0)
        if ((distance > 0) & (distance < 2e-7 * values.abs().max())).any():
            return True
        if not isinstance(module, Dropout):
            values = module(values)
    return False


def assert_close(mine: Tensor, exact: Tensor, scale: float) -> None:
    """Equal to float32's rounding, which sums over a batch multiply, relative to what `scale` says is large."""
    assert (mine.double() - exact).abs().max().item() <= 2e-5 * scale + 1e-7


def assert_same_gradients_and_statistics(network: nn.Module, exact: nn.Module) -> None:
    """Every `.grad` and every running statistic."""
    largest = max(parameter.grad.abs().max().item() for parameter in exact.parameters() if parameter.grad is not None)
    for mine, theirs in zip(network.parameters(), exact.parameters(), strict=True):
        assert mine.grad is not None
        assert theirs.grad is not None
        assert_close(mine.grad, theirs.grad, largest)
    for kept, exactly in zip(network.buffers(), exact.buffers(), strict=True):
        assert_close(kept, exactly, max(1.0, exactly.double().abs().max().item()))


def gradient(network: nn.Module) -> Tensor:
    """All of a network's gradients in one row, float64."""
    return torch.cat([p.grad.double().flatten() for p in network.parameters() if p.grad is not None])
