"""How long a run will take is told from one that was trained on this machine, and from nothing else."""

from dataclasses import replace
from typing import Any

import pytest
from app_pages import add_run, epoch
from examples import tiny_run

from lab.config import Augmentation
from lab.store import Store
from lab.time_ahead import seconds_foreseen

UNMEASURED = tiny_run(measure_training=False, training_images=30_000, epochs=3)
"""An epoch: 30,000 images to train on and 10,000 to read, which take as long as 10,000 / 3 more."""


def test_nothing_is_said_where_nothing_was_trained(store: Store) -> None:
    assert seconds_foreseen(store, UNMEASURED) is None
    store.submit(UNMEASURED)
    add_run(store, config=UNMEASURED)  # has begun, and has no epoch yet
    assert seconds_foreseen(store, UNMEASURED) is None


def test_the_same_run_again_takes_as_long_as_it_took(store: Store) -> None:
    add_run(store, epoch(1, seconds=4.0), epoch(2, seconds=6.0), config=UNMEASURED)
    assert seconds_foreseen(store, UNMEASURED) == pytest.approx(3 * (4.0 + 6.0) / 2)
    assert seconds_foreseen(store, replace(UNMEASURED, seed=2)) == pytest.approx(15.0)


def test_a_longer_run_takes_as_much_longer_as_it_has_images_to_go_through(store: Store) -> None:
    add_run(store, epoch(1, seconds=10.0), config=UNMEASURED)
    each = 10.0 / (30_000 + 10_000 / 3)
    longer = replace(UNMEASURED, training_images=60_000, epochs=5)
    assert seconds_foreseen(store, longer) == pytest.approx(each * 5 * (60_000 + 10_000 / 3))
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
        {"network": replace(UNMEASURED.network, dropout=0.1)},
        {"augmentation": Augmentation(rotation=7)},
        {"precision": "bfloat16"},
        {"engine": "pytorch"},
        {"device": "cuda"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_run_that_computes_otherwise_says_nothing(store: Store, change: dict[str, Any]) -> None:
    add_run(store, epoch(1), config=UNMEASURED, device="cpu")
    assert seconds_foreseen(store, replace(UNMEASURED, **change)) is None


def test_a_run_of_another_machine_says_nothing(store: Store) -> None:
    add_run(store, epoch(1), config=UNMEASURED, worker="elsewhere:1:x")
    assert seconds_foreseen(store, UNMEASURED) is None
    mine = add_run(store, epoch(1), config=UNMEASURED)
    assert seconds_foreseen(store, UNMEASURED) is not None
    store.delete(mine)
