"""Small configs, data and Hypothesis strategies that several tests share."""

import copy
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass, replace
from threading import Event as Flag
from time import monotonic
from typing import Any, TypeVar, cast, get_args

import torch
from hypothesis import assume
from hypothesis import strategies as st
from torch import Tensor, nn

from lab.config import EngineChoice, RunConfig
from lab.events import Checkpoint, Epoch, Event
from lab.layers import total_macs
from lab.mnist import Mnist, normalize, to_unit
from lab.network import Dropout, build_network
from lab.network_config import Biases, LayerKind, LayerSpec, NetworkConfig, conv, linear, max_pool
from lab.store import Claim, Store
from lab.training_config import Augmentation, Optimizer, Schedule

Seen = TypeVar("Seen")

TINY_NETWORK = NetworkConfig(layers=(conv(6, 5, stride=2), max_pool(), conv(10, 3)), batch_norm=True)
"""28x28 -> 6x12x12 -> 6x6x6 -> 10x4x4: a millisecond an iteration."""


def tiny_run(**changes: Any) -> RunConfig:
    """3 epochs of 48 images in batches of 16: 3 iterations an epoch."""
    return replace(
        RunConfig(
            network=TINY_NETWORK,
            optimizer=Optimizer(learning_rate=0.05),
            epochs=3,
            batch_size=16,
            training_images=48,
            device="cpu",
        ),
        **changes,
    )


EVERYTHING = tiny_run(
    network=replace(TINY_NETWORK, dropout=0.2),
    augmentation=Augmentation(rotation=10, shift=2, scale=0.1, shear=10, pen=0.5, interpolation="bilinear"),
    schedule=Schedule(kind="one_cycle"),
)
"""Batch norm, dropout, augmentation and a schedule at once."""


def digits(data: Mnist, training: int, test: int, labels: Iterable[int] = range(10)) -> Mnist:
    """The first digits of `data` that carry one of `labels`."""
    wanted = torch.tensor(list(labels))
    train = torch.isin(data.train_labels, wanted).nonzero().flatten()[:training]
    held = torch.isin(data.test_labels, wanted).nonzero().flatten()[:test]
    return Mnist(data.train_images[train], data.train_labels[train], data.test_images[held], data.test_labels[held])


def epochs_of(events: Iterable[Event]) -> list[Epoch]:
    return [event for event in events if isinstance(event, Epoch)]


_claims: dict[tuple[str, int], Claim] = {}


def claimed(store: Store, run_id: int, worker: str, device: str = "cpu") -> Claim:
    """The queued run, taken by `worker`; `say` goes on speaking for it."""
    claim = store.claim(run_id, worker, device)
    assert claim is not None
    _claims[store.url, run_id] = claim
    return claim


def queued_and_claimed(store: Store, config: RunConfig, name: str | None, worker: str, device: str) -> int:
    """A new run, taken by `worker` before the worker of a server that has the same file can see it."""
    database = store._database
    with database.writing() as connection:
        store._database = cast(Any, _Within(connection))
        try:
            run_id = store.submit(config, name)
            claim = claimed(store, run_id, worker, device)
        finally:
            store._database = database
    _claims[store.url, run_id] = replace(claim, database=database)
    return run_id


class _Within:
    """A transaction, in the place of the database that it is one of."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    @contextmanager
    def writing(self, durably: bool = False) -> Iterator[Any]:
        yield self.connection

    @contextmanager
    def reading(self) -> Iterator[Any]:
        yield self.connection


def say(store: Store, run_id: int, *events: Event) -> None:
    """Have the worker that took the run with `claimed` say these events."""
    for event in events:
        _claims[store.url, run_id].append(event)


def beat(store: Store, run_id: int) -> str:
    """Have the worker that took the run with `claimed` show that it lives; returns the run's command."""
    return _claims[store.url, run_id].beat()


def place_in_the_queue(store: Store, run_id: int) -> int:
    """How many runs wait for the same device and come before this one."""
    before = store.ahead(run_id)
    return len(before.waiting) if before else 0


def checkpoint_of(epoch: Epoch) -> Checkpoint:
    """What the epoch keeps; an epoch that comes from training always does."""
    assert epoch.checkpoint is not None
    return epoch.checkpoint


def facts(epoch: Epoch) -> Epoch:
    """The epoch without its time, which differs from run to run."""
    return replace(epoch, seconds=0.0)


def flat(value: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """(dotted name, value) of every field of a config, of every layer too: `network.layers.2.kernel`."""
    for item in fields(value):
        name, inner = f"{prefix}{item.name}", getattr(value, item.name)
        if is_dataclass(inner):
            yield from flat(inner, f"{name}.")
        elif item.name == "layers":
            yield name, len(inner)
            for number, layer in enumerate(inner, start=1):
                yield from flat(layer, f"{name}.{number}.")
        else:
            yield name, inner


def wait_until(condition: Callable[[], bool], seconds: float = 120.0) -> float:
    """Wait for `condition`, and say for how many seconds; fails after `seconds`."""
    started, never = monotonic(), Flag()
    while not condition():
        assert monotonic() - started < seconds, f"still not so after {seconds} s"
        never.wait(0.005)
    return monotonic() - started


def noted(seen: list[Seen], value: Seen) -> Seen:
    """The value, which is also appended to `seen`: for a stand-in that remembers what it was called with."""
    seen.append(value)
    return value


# --- Hypothesis --------------------------------------------------------------------------------------------------


@st.composite
def layer_specs(draw: st.DrawFn) -> LayerSpec:
    """Any layer that may stand anywhere and can be described, whether it fits there or not."""
    kind: LayerKind = draw(st.sampled_from([kind for kind in get_args(LayerKind) if kind != "linear"]))
    kernel, stride = draw(st.integers(1, 28)), draw(st.integers(1, 28))
    if kind == "conv":
        channels, padding = draw(st.integers(1, 1024)), draw(st.integers(0, 14))
        return LayerSpec(kind=kind, kernel=kernel, stride=stride, padding=padding, channels=channels)
    return LayerSpec(kind=kind, kernel=kernel, stride=stride, padding=draw(st.integers(0, min(14, kernel // 2))))


@st.composite
def layer_lists(draw: st.DrawFn) -> tuple[LayerSpec, ...]:
    """1 to 40 layers, the last of which may be linear."""
    last = draw(st.just(linear()) | layer_specs())
    return (*draw(st.lists(layer_specs(), max_size=39)), last)


POOLINGS: tuple[LayerKind, ...] = ("max_pool", "average_pool")
MOST_MACS = 200_000
"""Of a network drawn, times the square of its most channels: a test of it takes milliseconds."""


@st.composite
def possible_networks(draw: st.DrawFn, without_holes: bool = False, most_channels: int = 4) -> NetworkConfig:
    """A network that can be built: every kernel fits its map, and the last convolution has ten channels, or a linear
    layer stands at the end. Half of its sizes are people's, half are any that the editor takes.

    `without_holes`: no stride exceeds its kernel and no padding reaches it, so that what a unit sees is a full square.
    """
    layers: list[LayerSpec] = []
    side, count = 28, draw(st.integers(1, 6))
    last_conv = draw(st.integers(0, count - 1))
    end = draw(st.sampled_from([(), (linear(),)]))
    for index in range(count):
        is_conv = index == last_conv or (index < last_conv and draw(st.booleans()))
        kind: LayerKind = "conv" if is_conv else draw(st.sampled_from(POOLINGS))
        kernel = draw(_sizes(1, 7, min(side + 2 * 14, 28)))
        needed = max(0, -((side - kernel) // 2))  # padding that makes the kernel fit
        most = (min(kernel - 1, 14) if without_holes else 14) if is_conv else kernel // 2
        padding = draw(_sizes(needed, 3, most))
        stride = draw(_sizes(1, 4, kernel if without_holes else 28))
        scores = index == last_conv and not end
        channels = (10 if scores else draw(st.integers(1, most_channels))) if is_conv else None
        layers.append(LayerSpec(kind=kind, kernel=kernel, stride=stride, padding=padding, channels=channels))
        side = (side + 2 * padding - kernel) // stride + 1
    dropout = draw(st.sampled_from([0.0, 0.25]))
    batch_norm, bias = draw(st.booleans()), draw(st.sampled_from(get_args(Biases)))
    network = NetworkConfig(layers=(*layers, *end), batch_norm=batch_norm, dropout=dropout, bias=bias)
    assume(total_macs(network) <= MOST_MACS * most_channels**2)
    return network


def _sizes(least: int, usual: int, most: int) -> st.SearchStrategy[int]:
    """Any from the least to the most; every other one at most as large as is usual, where that is possible."""
    return st.integers(least, max(least, min(usual, most))) | st.integers(least, most)


def _numbers(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high, allow_nan=False)


augmentations = st.builds(
    Augmentation,
    rotation=_numbers(0, 180),
    shift=_numbers(0, 14),
    scale=_numbers(0, 0.5),
    shear=_numbers(0, 45),
    pen=_numbers(0, 1),
    interpolation=st.sampled_from(["nearest", "bilinear"]),
)

run_configs = st.builds(
    RunConfig,
    network=st.builds(
        NetworkConfig,
        layers=layer_lists(),
        batch_norm=st.booleans(),
        dropout=_numbers(0, 0.9),
        bias=st.sampled_from(get_args(Biases)),
        second_reading=st.booleans(),
        deslant=st.booleans(),
    ),
    augmentation=augmentations,
    optimizer=st.builds(
        Optimizer,
        kind=st.sampled_from(["sgd", "adamw"]),
        learning_rate=_numbers(1e-6, 10),
        momentum=_numbers(0, 0.999),
        weight_decay=_numbers(0, 1),
    ),
    schedule=st.builds(
        Schedule,
        kind=st.sampled_from(["none", "step", "cosine", "one_cycle"]),
        step_size=st.integers(1, 200),
        gamma=_numbers(1e-4, 1),
        warmup=_numbers(0.01, 0.99),
    ),
    epochs=st.integers(1, 200),
    batch_size=st.integers(1, 10_000),
    label_smoothing=_numbers(0, 0.3),
    weight_averaging=_numbers(0, 0.9999),
    seed=st.integers(0, 2**32 - 1),
    device=st.sampled_from(["auto", "cpu", "cuda", "mps"]),
    precision=st.sampled_from(["float32", "bfloat16"]),
    engine=st.sampled_from(get_args(EngineChoice)),
    evaluate_on=st.sampled_from(["test", "validation"]),
    training_images=st.integers(1, 60_000),
    measure_training=st.booleans(),
)
"""Any config that may be written down; not every one of its networks can be built."""


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
