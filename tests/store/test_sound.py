"""A run that cannot be vouched for is refused by name, and the others of its file are taken."""

import json
import math
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from examples import tiny_run
from stories import STARTED, WINDOW, epoch, finished, running, whole

from lab.config import to_json
from lab.events import Epoch, Event, Finished, Measured, Stopped
from lab.store import Store
from lab.store.schema import digest
from lab.store.sound import faults


def set_to(table: str, column: str, value: object, where: str = "1") -> Callable[[sqlite3.Connection], object]:
    return lambda connection: connection.execute(f"UPDATE {table} SET {column} = ? WHERE {where}", (value,))


def told_so(event: Event, number: int, **changes: Any) -> Callable[[sqlite3.Connection], object]:
    """The event of this number says something else."""
    return set_to("events", "payload", json.dumps(replace(event, **changes).row()), f"id = {number}")


ONE_EPOCH = json.dumps(epoch(1).row())
TOO_MANY_RIGHT = replace(epoch(1), measured=(Measured(images=10, augmented=False, loss=0.1, correct=11),))
FAULTS: dict[str, tuple[Callable[[sqlite3.Connection], object], str]] = {
    "a config of a later lab": (set_to("runs", "config", '{"colour": 1}'), "no field 'colour'"),
    "a network that cannot be": (
        set_to("runs", "config", to_json(tiny_run()).replace('"kernel": 5', '"kernel": 28')),
        "no weights of its network",
    ),
    "an unknown status": (set_to("runs", "status", "dreaming"), "status is 'dreaming'"),
    "a name that moves the cursor": (set_to("runs", "name", "\x1b[2J"), "control characters"),
    "no uuid": (set_to("runs", "uuid", "mine"), "uuid is 'mine'"),
    "an event of a later lab": (set_to("events", "payload", '{"event": "dream"}', "kind = 'window'"), "unknown kind"),
    "an event under another's kind": (set_to("events", "kind", "window", "kind = 'started'"), "claims another kind"),
    "an epoch twice": (set_to("events", "payload", ONE_EPOCH, "kind = 'epoch'"), "its epochs are 1, 1, 1"),
    "a lost epoch": (lambda c: c.execute("DELETE FROM events WHERE payload LIKE '%\"epoch\": 2%'"), "epochs are 1, 3"),
    "no ending": (lambda c: c.execute("DELETE FROM events WHERE kind = 'finished'"), "marked as finished after 3 of 3"),
    "an accuracy of 400 %": (
        set_to("events", "payload", ONE_EPOCH.replace('"train_accuracy": 90.0', '"train_accuracy": 400'), "id = 3"),
        "an accuracy of its epoch 1",
    ),
    "an accuracy that was not counted": (
        set_to("events", "payload", ONE_EPOCH.replace("9000", "9999"), "id = 3"),
        "9999 correct and 90.0 %",
    ),
    "more right than images": (
        set_to("events", "payload", json.dumps(TOO_MANY_RIGHT.row()), "id = 3"),
        "accuracy of its epoch 1 on training images is impossible",
    ),
    "a negative loss": (
        set_to("events", "payload", ONE_EPOCH.replace('"test_loss": 0.4', '"test_loss": -0.4'), "id = 3"),
        "a loss of its epoch 1 is negative",
    ),
    "an epoch that took less than no time": (
        set_to("events", "payload", ONE_EPOCH.replace('"seconds": 1.5', '"seconds": -1.5'), "id = 3"),
        "the time or the learning rate of its epoch 1",
    ),
    "more epochs than planned": (set_to("runs", "config", to_json(tiny_run(epochs=2))), "it has 3 epochs of 2"),
    "points that go back": (
        lambda c: c.execute(
            "INSERT INTO events (run_id, kind, time, payload) SELECT run_id, kind, time, payload FROM events "
            "WHERE kind = 'window'"
        ),
        "its points go back at iteration 1 of epoch 1",
    ),
    "epochs of no iteration": (told_so(STARTED, 1, iterations_per_epoch=0), "how it says that it began is impossible"),
    "a beginning after the end": (told_so(STARTED, 1, first_epoch=4), "how it says that it began is impossible"),
    **{
        f"a point with {name} {value}": (told_so(WINDOW, 2, **{name: value}), "its point at iteration")
        for name, value in (
            ("epoch", 4),
            ("iteration", 0),
            ("iteration", 10),
            ("loss", -1.0),
            ("accuracy", 101.0),
            ("learning_rate", -0.1),
            ("learning_rate", math.nan),
            ("images_per_second", 0.0),
            ("images_per_second", math.inf),
        )
    },
    "a name without end": (set_to("runs", "name", "x" * 10_001), "its name has 10,001 characters"),
    "a reason without end": (set_to("runs", "reason", "x" * 10_001), "its reason has 10,001 characters"),
    "a device without end": (
        told_so(STARTED, 1, device_name="x" * 10_001),
        "of a 'started' event the device_name has 10,001 characters",
    ),
    "cut weights": (set_to("checkpoints", "weights", b"\x08\0\0\0\0\0\0\0{}", "epoch = 3"), "epoch 3 is damaged"),
    "a changed byte": (
        lambda c: c.execute("UPDATE checkpoints SET predictions = CAST(replace(predictions, x'07', x'08') AS BLOB)"),
        "epoch 1 is damaged",
    ),
    "a text in place of predictions": (set_to("checkpoints", "predictions", "7" * 10_000), "epoch 1 is damaged"),
    "a lost checkpoint": (lambda c: c.execute("DELETE FROM checkpoints WHERE epoch = 3"), "last epoch, 3, is missing"),
    "a checkpoint of no epoch": (set_to("checkpoints", "epoch", 9, "epoch = 1"), "checkpoints of epochs 2, 3, 9"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_run_that_cannot_be_vouched_for_is_refused_by_name_and_the_others_are_taken(
    store: Store, theirs: Store, file: Path, fault: str
) -> None:
    change, problem = FAULTS[fault]
    finished(theirs)
    theirs.close()
    with sqlite3.connect(file) as connection:
        change(connection)
    connection.close()
    sound = finished(theirs, tiny_run(seed=2))
    done = store.import_file(file)
    assert [store.run(run_id).config for run_id in done.copied] == [theirs.run(sound).config]
    [sentence] = done.refused
    assert sentence.startswith(f"{file}: Run 1")
    assert problem in sentence
    assert "/tmp" not in sentence.replace(str(file), "")


@pytest.mark.parametrize(
    ("checkpoint", "problem"),
    [
        (b"", "holds no weights of its network"),
        (b"weights", "holds no weights of its network"),
    ],
)
def test_blobs_of_another_kind_are_refused(
    store: Store, theirs: Store, checkpoint: bytes, problem: str, file: Path
) -> None:
    kept = whole(1).checkpoint
    assert kept is not None
    running(theirs, STARTED, replace(whole(1), checkpoint=replace(kept, weights=checkpoint)), Stopped())
    [sentence] = store.import_file(file).refused
    assert problem in sentence


def test_an_optimisers_state_of_another_kind_is_refused(store: Store, theirs: Store, file: Path) -> None:
    kept = whole(1).checkpoint
    assert kept is not None
    running(theirs, STARTED, replace(whole(1), checkpoint=replace(kept, optimizer_state=b"state")), Stopped())
    [sentence] = store.import_file(file).refused
    assert "epoch 1 holds no optimiser state" in sentence


def test_predictions_of_another_number_of_images_are_refused(store: Store, theirs: Store, file: Path) -> None:
    kept = whole(1).checkpoint
    assert kept is not None
    running(theirs, STARTED, replace(whole(1), checkpoint=replace(kept, predictions=bytes(9_999))), Stopped())
    [sentence] = store.import_file(file).refused
    assert "no predictions of 10,000 images" in sentence


# --- fact by fact ------------------------------------------------------------------------------------------------

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


def test_a_network_that_reads_all_of_its_training_images_is_sound(store: Store) -> None:
    all_right = Measured(images=10, augmented=False, loss=0.0, correct=10)
    assert found(store, *with_last(measured=(all_right,))) == []


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
