"""What is vouched for in a run, and what is not, fact by fact."""

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from stories import STARTED, WINDOW, finished, whole

from lab.events import Epoch, Event, Finished, Measured
from lab.store import Store
from lab.store.schema import digest
from lab.store.sound import faults

SOUND = (STARTED, WINDOW, *(whole(number) for number in (1, 2, 3)), Finished())


def found(store: Store, *events: Event, predictions: bytes | None = None) -> list[str]:
    """What is wrong with a finished run of these events, of whose last epoch the checkpoint may say something else."""
    last = events[-2]
    assert isinstance(last, Epoch) and last.checkpoint is not None
    told = replace(last.checkpoint, predictions=predictions or last.checkpoint.predictions)
    digests = {"digest": digest(told.weights, told.predictions), "state_digest": digest(told.optimizer_state)}
    row = SimpleNamespace(**vars(told), **digests)
    return faults(store.run(finished(store)), events, [row])


def with_last(**changes: Any) -> tuple[Event, ...]:
    return (*SOUND[:-2], replace(whole(3), **changes), Finished())


def test_a_sound_run_is_vouched_for_and_so_is_one_that_began_anew(store: Store) -> None:
    assert found(store, *SOUND) == []
    assert found(store, STARTED, WINDOW, *SOUND) == []  # an older lab kept the points of both


@pytest.mark.parametrize(
    ("events", "said"),
    [
        (lambda: with_last(test_accuracy=90.02), "epoch 3 says 9000 correct and 90.02 %"),
        (
            lambda: with_last(measured=(Measured(images=10, augmented=False, loss=-0.1, correct=9),)),
            "the accuracy of its epoch 3 on training images is impossible",
        ),
    ],
    ids=["an accuracy that is not that of its images", "a loss below nothing"],
)
def test_figures_that_cannot_be_are_said(store: Store, events: Callable[[], tuple[Event, ...]], said: str) -> None:
    assert found(store, *events()) == [said]


def test_a_prediction_is_one_of_ten_digits(store: Store) -> None:
    assert found(store, *SOUND, predictions=bytes([9]) * 10_000) == []
    assert found(store, *SOUND, predictions=bytes([10]) * 10_000) == [
        "its checkpoint of epoch 3 has no predictions of 10,000 images"
    ]
