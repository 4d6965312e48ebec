"""How long a run will take is told from one that was trained on this machine, or from the machine's speed."""

from dataclasses import replace
from typing import Any

import pytest
from app_pages import add_run, epoch
from claiming import claimed, say
from examples import tiny_run
from stories import ME, finished

from lab import time_ahead
from lab.layers import training_macs
from lab.network_config import conv
from lab.steps import step
from lab.store import Store
from lab.time_ahead import seconds_foreseen

UNMEASURED = tiny_run(measure_training=False, training_images=30_000, epochs=3)
"""An epoch: 30,000 images to train on and 10,000 to read, which take as long as 10,000 / 3 more."""


GAUGED = 3 * (30_000 + 10_000 / 3) * 2 * training_macs(UNMEASURED.network) / 1e9 / (50.0 * 2)
"""Seconds of its operations in a product of matrices, at 50 billion a second on each of two cores."""


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two cores of 50 billion operations a second, and no GPU."""
    for name, answer in (("core_gflops", 50.0), ("cores", 2), ("may_have_gpu", False)):
        monkeypatch.setattr(time_ahead, name, lambda answer=answer: answer)


def test_before_anything_was_trained_the_machine_s_speed_tells(store: Store) -> None:
    assert seconds_foreseen(store, UNMEASURED) == pytest.approx(GAUGED / time_ahead.SHARE_WITH_BATCH_NORM)
    store.submit(UNMEASURED)
    add_run(store, config=UNMEASURED)  # has begun, and has no epoch yet
    assert seconds_foreseen(store, UNMEASURED) == pytest.approx(GAUGED / time_ahead.SHARE_WITH_BATCH_NORM)
    without = replace(UNMEASURED, network=replace(UNMEASURED.network, batch_norm=False))
    assert seconds_foreseen(store, without) == pytest.approx(GAUGED / time_ahead.SHARE)


@pytest.mark.parametrize(
    "change",
    [{"precision": "bfloat16"}, {"engine": "pytorch"}, {"device": "cuda"}],
    ids=lambda change: next(iter(change)),
)
def test_a_processor_s_speed_says_nothing_of_another_way_to_compute(store: Store, change: dict[str, Any]) -> None:
    assert seconds_foreseen(store, replace(UNMEASURED, **change)) is None


def test_a_machine_that_may_have_a_gpu_is_asked_for_its_speed_only_on_the_processor(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time_ahead, "may_have_gpu", lambda: True)
    assert seconds_foreseen(store, replace(UNMEASURED, device="auto")) is None
    assert seconds_foreseen(store, replace(UNMEASURED, device="cpu")) is not None


def test_nothing_is_said_of_a_network_that_cannot_be(store: Store) -> None:
    impossible = replace(UNMEASURED.network, layers=(conv(4, 28), conv(10, 28)))
    assert seconds_foreseen(store, replace(UNMEASURED, network=impossible)) is None


def test_another_network_takes_as_much_longer_as_it_has_more_multiplications(store: Store) -> None:
    add_run(store, epoch(1, seconds=10.0), config=UNMEASURED)
    other = replace(UNMEASURED, network=step(3).config.network)
    factor = training_macs(other.network) / training_macs(UNMEASURED.network)
    assert seconds_foreseen(store, other) == pytest.approx(30.0 * factor)


def test_the_same_run_again_takes_as_long_as_it_took(store: Store) -> None:
    add_run(store, epoch(1, seconds=4.0), epoch(2, seconds=6.0), config=UNMEASURED)
    assert seconds_foreseen(store, UNMEASURED) == pytest.approx(3 * (4.0 + 6.0) / 2)
    assert seconds_foreseen(store, replace(UNMEASURED, seed=2)) == pytest.approx(15.0)


def test_a_longer_run_takes_as_much_longer_as_it_has_images_to_go_through(store: Store) -> None:
    add_run(store, epoch(1, seconds=10.0), config=UNMEASURED)
    each = 10.0 / (30_000 + 10_000 / 3)
    longer = replace(UNMEASURED, training_images=60_000, epochs=5)
    assert seconds_foreseen(store, longer) == pytest.approx(each * 5 * (60_000 + 10_000 / 3))
    twice = replace(UNMEASURED, network=replace(UNMEASURED.network, second_reading=True), epochs=1)
    assert seconds_foreseen(store, twice) == pytest.approx(each * (30_000 + 2 * 10_000 / 3))
    measured = replace(UNMEASURED, measure_training=True, epochs=1)
    assert seconds_foreseen(store, measured) == pytest.approx(each * (30_000 + (10_000 + 30_000) / 3))


def test_a_run_of_the_same_length_says_more_than_a_newer_one_of_another(store: Store) -> None:
    add_run(store, epoch(1, seconds=10.0), config=UNMEASURED)
    add_run(store, epoch(1, seconds=1.0), config=replace(UNMEASURED, training_images=2_000))
    assert seconds_foreseen(store, UNMEASURED) == pytest.approx(30.0)
    add_run(store, epoch(1, seconds=20.0), config=UNMEASURED)  # as newer ones of the same length do
    assert seconds_foreseen(store, UNMEASURED) == pytest.approx(60.0)


@pytest.mark.parametrize(
    "change",
    [
        {"precision": "bfloat16"},
        {"engine": "pytorch"},
        {"device": "cuda"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_run_that_computes_otherwise_says_nothing_of_it(store: Store, change: dict[str, Any]) -> None:
    unmeasured = seconds_foreseen(store, replace(UNMEASURED, **change))
    add_run(store, epoch(1), config=UNMEASURED, device="cpu")
    assert seconds_foreseen(store, replace(UNMEASURED, **change)) == unmeasured


def test_a_run_of_the_same_network_says_more_than_a_newer_one_of_another(store: Store) -> None:
    add_run(store, epoch(1, seconds=10.0), config=UNMEASURED)
    add_run(store, epoch(1, seconds=1.0), config=replace(UNMEASURED, network=step(3).config.network))
    assert seconds_foreseen(store, UNMEASURED) == pytest.approx(30.0)


def test_a_run_on_the_fastest_device_tells_of_one_on_the_device_that_this_was(store: Store) -> None:
    add_run(store, epoch(1, seconds=10.0), config=replace(UNMEASURED, device="auto"), device="cpu")
    assert UNMEASURED.device == "cpu"
    assert seconds_foreseen(store, UNMEASURED) == pytest.approx(30.0)


def test_a_run_of_another_machine_says_nothing(store: Store) -> None:
    add_run(store, epoch(1, seconds=10.0), config=UNMEASURED, worker="elsewhere:1:x")
    assert seconds_foreseen(store, UNMEASURED) == pytest.approx(GAUGED / time_ahead.SHARE_WITH_BATCH_NORM)
    add_run(store, epoch(1, seconds=10.0), config=UNMEASURED)
    assert seconds_foreseen(store, UNMEASURED) == pytest.approx(30.0)


def test_a_run_that_was_interrupted_says_as_much_as_one_that_was_stopped(store: Store, dead_worker: str) -> None:
    add_run(store, epoch(1, seconds=10.0), config=UNMEASURED, worker=dead_worker)
    assert store.active() == []
    assert seconds_foreseen(store, UNMEASURED) == pytest.approx(30.0)


def test_the_epochs_that_a_fork_has_from_its_parent_tell_nothing_of_its_speed(store: Store) -> None:
    """They may have been trained elsewhere, and under another config."""
    parent = finished(store)
    fork = store.fork(parent, 2, tiny_run(epochs=4))
    claimed(store, fork, ME)
    assert seconds_foreseen(store, tiny_run(epochs=4)) == pytest.approx(4 * 1.5, rel=0.2)  # by the parent's own
    say(store, fork, replace(epoch(3), seconds=10.0))
    assert seconds_foreseen(store, tiny_run(epochs=4)) == pytest.approx(4 * 10.0, rel=0.2)
