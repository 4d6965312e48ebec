"""Small configs and data, and what else several tests share."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, is_dataclass, replace
from threading import Event as Flag
from time import monotonic
from typing import Any, TypeVar

import torch
from torch import Tensor

from lab.compute import Batch, Trainer
from lab.config import RunConfig
from lab.events import Checkpoint, Epoch, Event
from lab.mnist import Mnist
from lab.network_config import NetworkConfig, conv, max_pool
from lab.training import ResumePoint
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


def batch_of(run: Trainer, numbers: Tensor) -> Batch:
    """The images `numbers` as a batch for `run`: no more of them than a batch has."""
    [batch] = run.batches(numbers)
    return batch


def kinds(events: Iterable[Event]) -> list[str]:
    return [event.kind for event in events]


def epochs_of(events: Iterable[Event]) -> list[Epoch]:
    return [event for event in events if isinstance(event, Epoch)]


def checkpoint_of(epoch: Epoch) -> Checkpoint:
    """What the epoch keeps; an epoch that comes from training always does."""
    assert epoch.checkpoint is not None
    return epoch.checkpoint


def resume_point(epoch: Epoch) -> ResumePoint:
    kept = checkpoint_of(epoch)
    assert kept.optimizer_state is not None
    return ResumePoint(epoch=epoch.epoch, weights=kept.weights, optimizer_state=kept.optimizer_state)


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
