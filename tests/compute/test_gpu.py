"""A run on an NVIDIA GPU is the run that its settings say. Left out where there is none."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import torch
from examples import digits, epochs_of, tiny_run

from lab.config import RunConfig
from lab.events import Epoch, Event, Failed
from lab.mnist import Mnist, load_mnist
from lab.network import build_network
from lab.steps import STEPS, step
from lab.training import ResumePoint, train
from lab.training_config import Augmentation, Schedule

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no NVIDIA GPU")

EVERYTHING = replace(
    tiny_run(batch_size=50, epochs=3),
    network=step(5).config.network,
    augmentation=Augmentation(rotation=7, shift=2, scale=0.1, shear=5, pen=0.3),
    schedule=Schedule(kind="one_cycle"),
    label_smoothing=0.1,
    weight_averaging=0.9,
    device="cuda",
)


@pytest.fixture(scope="module")
def some() -> Mnist:
    """1,020 training digits: twenty batches of 50, and one of 20 that no graph was recorded for."""
    found = digits(load_mnist(), training=1_020, test=500)
    return Mnist(*(getattr(found, name).to("cuda") for name in Mnist.__dataclass_fields__))


@pytest.fixture(autouse=True)
def _same_kernels() -> Iterator[None]:
    """Each kernel adds in one order, so that two runs may be compared to the bit."""
    before = torch.backends.cudnn.deterministic
    torch.backends.cudnn.deterministic = True
    yield
    torch.backends.cudnn.deterministic = before


def epochs(config: RunConfig, data: Mnist, resume: ResumePoint | None = None) -> list[Epoch]:
    """The epochs of a run that ends well."""
    events: list[Event] = list(train(config, data, resume=resume))
    assert not isinstance(events[-1], Failed), events[-1]
    return epochs_of(events)


def figures(found: list[Epoch]) -> list[tuple[float, ...]]:
    return [(epoch.train_loss, epoch.train_accuracy, epoch.test_loss, epoch.test_correct) for epoch in found]


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_a_run_of_replayed_iterations_is_the_run_of_launched_ones(some: Mnist, optimizer: Any, precision: Any) -> None:
    config = replace(
        EVERYTHING,
        optimizer=replace(EVERYTHING.optimizer, kind=optimizer, learning_rate=0.01),
        precision=precision,
    )
    launched = figures(epochs(replace(config, engine="pytorch"), some))
    assert figures(epochs(config, some)) == launched


@pytest.mark.parametrize("number", [preset.number for preset in STEPS])
def test_every_step_is_replayed_as_it_is_launched(some: Mnist, number: int) -> None:
    config = replace(step(number).config, device="cuda", epochs=2, training_images=1_020)
    launched = figures(epochs(replace(config, engine="pytorch"), some))
    assert figures(epochs(config, some)) == launched


def test_a_resumed_run_goes_on_as_if_it_had_never_stopped(some: Mnist) -> None:
    whole = epochs(EVERYTHING, some)
    kept = whole[0].checkpoint
    assert kept is not None and kept.optimizer_state is not None
    rest = epochs(EVERYTHING, some, ResumePoint(1, kept.weights, kept.optimizer_state))
    assert figures(rest) == figures(whole[1:])


def test_a_digit_may_be_read_on_the_gpu_while_an_iteration_is_recorded(some: Mnist) -> None:
    network, end, read = build_network(EVERYTHING.network, seed=1).to("cuda").eval(), threading.Event(), []

    def reading() -> None:
        while not end.is_set():
            with torch.inference_mode():
                read.append(network(torch.rand(1, 1, 28, 28, device="cuda")).argmax().item())

    reader = threading.Thread(target=reading)
    reader.start()
    try:
        beside = figures(epochs(EVERYTHING, some))
    finally:
        end.set()
        reader.join()
    assert read
    assert beside == figures(epochs(EVERYTHING, some))


def test_a_run_gives_the_memory_of_the_gpu_back(some: Mnist) -> None:
    epochs(EVERYTHING, some)
    before = torch.cuda.memory_allocated()
    epochs(EVERYTHING, some)
    assert torch.cuda.memory_allocated() == before
