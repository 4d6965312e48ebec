"""No control that does nothing: every field of the config, changed alone, changes the run."""

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any, get_type_hints

import pytest
import torch
from examples import epochs_of, flat, tiny_run

from lab.config import RunConfig
from lab.device import available_devices
from lab.events import Failed, Started
from lab.mnist import Mnist
from lab.network_config import LayerSpec, NetworkConfig, conv, linear
from lab.training import train
from lab.training_config import Augmentation, Optimizer, Schedule


def layers(*specs: LayerSpec) -> RunConfig:
    return tiny_run(network=NetworkConfig(layers=specs))


def dropping(rate: float) -> RunConfig:
    return tiny_run(network=replace(tiny_run().network, dropout=rate))


def augmented(**amounts: Any) -> RunConfig:
    return tiny_run(augmentation=Augmentation(**amounts))


def optimized(**values: Any) -> RunConfig:
    return tiny_run(optimizer=Optimizer(**({"learning_rate": 0.05} | values)))


def scheduled(**values: Any) -> RunConfig:
    return tiny_run(schedule=Schedule(**values))


POOL = LayerSpec(kind="max_pool", kernel=3, stride=2)

# Each pair differs in this field alone; where a field only matters beside another one, both have that other one.
CASES: dict[str, tuple[RunConfig, RunConfig]] = {
    "network.layers": (layers(conv(10, 5)), layers(conv(10, 5), linear())),
    "network.layers.kind": (
        layers(conv(10, 5, stride=2), POOL),
        layers(conv(10, 5, stride=2), replace(POOL, kind="average_pool")),
    ),
    "network.layers.kernel": (layers(conv(10, 5)), layers(conv(10, 7))),
    "network.layers.stride": (layers(conv(10, 5)), layers(conv(10, 5, stride=2))),
    "network.layers.padding": (layers(conv(10, 5)), layers(conv(10, 5, padding=2))),
    "network.layers.channels": (layers(conv(4, 5), conv(10, 3)), layers(conv(5, 5), conv(10, 3))),
    "network.batch_norm": (tiny_run(), tiny_run(network=replace(tiny_run().network, batch_norm=False))),
    "network.dropout": (dropping(0.1), dropping(0.3)),
    "network.bias": (tiny_run(), tiny_run(network=replace(tiny_run().network, bias="needed"))),
    "network.deslant": (tiny_run(), tiny_run(network=replace(tiny_run().network, deslant=True))),
    "network.second_reading": (tiny_run(), tiny_run(network=replace(tiny_run().network, second_reading=True))),
    "augmentation.rotation": (augmented(rotation=5), augmented(rotation=20)),
    "augmentation.shift": (augmented(shift=1), augmented(shift=3)),
    "augmentation.scale": (augmented(scale=0.1), augmented(scale=0.3)),
    "augmentation.shear": (augmented(shear=5), augmented(shear=20)),
    "augmentation.pen": (augmented(pen=0.2), augmented(pen=0.6)),
    "augmentation.interpolation": (
        augmented(rotation=10, interpolation="nearest"),
        augmented(rotation=10, interpolation="bilinear"),
    ),
    "optimizer.kind": (optimized(kind="sgd"), optimized(kind="adamw")),
    "optimizer.learning_rate": (optimized(learning_rate=0.05), optimized(learning_rate=0.06)),
    "optimizer.momentum": (optimized(momentum=0.9), optimized(momentum=0.5)),
    "optimizer.weight_decay": (optimized(weight_decay=0.0), optimized(weight_decay=0.1)),
    "schedule.kind": (scheduled(kind="none"), scheduled(kind="cosine")),
    "schedule.step_size": (scheduled(kind="step", step_size=1), scheduled(kind="step", step_size=2)),
    "schedule.gamma": (scheduled(kind="step", step_size=1, gamma=0.1), scheduled(kind="step", step_size=1, gamma=0.5)),
    "schedule.warmup": (scheduled(kind="one_cycle", warmup=0.3), scheduled(kind="one_cycle", warmup=0.6)),
    "epochs": (tiny_run(epochs=2), tiny_run(epochs=3)),
    "batch_size": (tiny_run(batch_size=16), tiny_run(batch_size=12)),
    "label_smoothing": (tiny_run(), tiny_run(label_smoothing=0.1)),
    "weight_averaging": (tiny_run(weight_averaging=0.3), tiny_run(weight_averaging=0.6)),
    "seed": (tiny_run(seed=1), tiny_run(seed=2)),
    "precision": (tiny_run(precision="float32"), tiny_run(precision="bfloat16")),
    "engine": (tiny_run(engine="fastest"), tiny_run(engine="pytorch")),
    "evaluate_on": (tiny_run(evaluate_on="test"), tiny_run(evaluate_on="validation")),
    "training_images": (tiny_run(training_images=48), tiny_run(training_images=47)),
}
BY_OTHER_TESTS = {"device", "measure_training"}


def all_fields(kind: type, prefix: str = "") -> Iterator[str]:
    hints = get_type_hints(kind)
    for item in fields(kind):
        name, hint = f"{prefix}{item.name}", hints[item.name]
        if isinstance(hint, type) and is_dataclass(hint):
            yield from all_fields(hint, f"{name}.")
        else:
            yield name
        if item.name == "layers":
            yield from all_fields(LayerSpec, f"{name}.")


@pytest.fixture(scope="module")
def enough(mnist: Mnist) -> Mnist:
    """48 images to train on, and 10,000 more that validation holds out."""
    size = 48 + 10_000
    return Mnist(mnist.train_images[:size], mnist.train_labels[:size], mnist.test_images[:50], mnist.test_labels[:50])


def test_every_field_of_the_config_has_a_case_here() -> None:
    assert set(all_fields(RunConfig)) == set(CASES) | BY_OTHER_TESTS


@pytest.mark.parametrize("name", CASES)
def test_a_case_changes_its_field_and_no_other(name: str) -> None:
    left, right = (dict(flat(config)) for config in CASES[name])
    if name == "network.layers":
        assert left.items() <= right.items() | {(name, 1)}
        return
    changed = {field for field in left | right if left.get(field) != right.get(field)}
    assert {re.sub(r"\.\d+\.", ".", field) for field in changed} == {name}


@pytest.mark.parametrize("name", CASES)
def test_a_field_changed_alone_changes_what_is_learnt_or_how_it_is_judged(enough: Mnist, name: str) -> None:
    """Weights after each epoch, and the predictions made with them; not merely what Started repeats of the config."""
    left, right = ([epoch.checkpoint for epoch in epochs_of(train(config, enough))] for config in CASES[name])
    assert left
    assert right
    assert left != right


def test_without_a_change_nothing_changes(enough: Mnist) -> None:
    """The proof that the tests above can fail."""
    first, again = ([epoch.checkpoint for epoch in epochs_of(train(tiny_run(), enough))] for _ in range(2))
    assert first == again


def test_the_device_is_the_one_that_is_used_or_refused(enough: Mnist, monkeypatch: pytest.MonkeyPatch) -> None:
    started = next(iter(train(tiny_run(device="cpu"), enough)))
    assert isinstance(started, Started)
    assert started.device == "cpu"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert "cuda" not in available_devices()
    [failed] = train(tiny_run(device="cuda"), enough)
    assert isinstance(failed, Failed)
    assert "no cuda device" in failed.reason


def test_auto_is_the_fastest_device_present(enough: Mnist) -> None:
    data = Mnist(*(getattr(enough, name).to(available_devices()[0]) for name in Mnist.__dataclass_fields__))
    started = next(iter(train(tiny_run(device="auto"), data)))
    assert isinstance(started, Started)
    assert started.device == available_devices()[0]


def test_measuring_on_training_images_changes_what_is_told_and_nothing_that_is_learnt(enough: Mnist) -> None:
    on, off = (epochs_of(train(tiny_run(measure_training=measure), enough)) for measure in (True, False))
    assert [epoch.checkpoint for epoch in on] == [epoch.checkpoint for epoch in off]
    assert all(epoch.measured for epoch in on)
    assert not any(epoch.measured for epoch in off)
