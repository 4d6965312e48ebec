"""What a run says is a closed list of plain rows."""

import json
from dataclasses import FrozenInstanceError, replace

import pytest
from stories import STARTED

from lab.events import (
    Checkpoint,
    Epoch,
    Event,
    EventError,
    Failed,
    Finished,
    Measured,
    Paused,
    Resumed,
    Started,
    Stopped,
    Window,
    event_from_row,
)

EPOCH = Epoch(
    epoch=2,
    train_loss=0.5,
    train_accuracy=90.0,
    test_loss=0.4,
    test_accuracy=91.5,
    test_correct=9150,
    learning_rate=0.01,
    seconds=3.5,
    measured=(Measured(images=60_000, augmented=True, loss=0.3, correct=54_000),),
    checkpoint=Checkpoint(epoch=2, weights=b"weights", predictions=b"\x07\x02", optimizer_state=b"state"),
)


def test_the_events_are_eight_kinds_with_a_name_each() -> None:
    assert {kind.kind: kind for kind in Event.__subclasses__()} == {
        "started": Started,
        "window": Window,
        "epoch": Epoch,
        "paused": Paused,
        "resumed": Resumed,
        "finished": Finished,
        "stopped": Stopped,
        "failed": Failed,
    }


def test_an_epochs_row_has_its_figures_and_leaves_the_binary_parts_out() -> None:
    assert EPOCH.row() == {
        "event": "epoch",
        "epoch": 2,
        "train_loss": 0.5,
        "train_accuracy": 90.0,
        "test_loss": 0.4,
        "test_accuracy": 91.5,
        "test_correct": 9150,
        "learning_rate": 0.01,
        "seconds": 3.5,
        "measured": [{"images": 60_000, "augmented": True, "loss": 0.3, "correct": 54_000}],
    }


@pytest.mark.parametrize("event", [EPOCH, Paused(), Resumed(), Finished(), Stopped(), Failed(reason="no memory")])
def test_a_row_survives_json(event: Event) -> None:
    assert json.loads(json.dumps(event.row())) == event.row()


def test_an_event_cannot_be_changed_once_said() -> None:
    with pytest.raises(FrozenInstanceError):
        EPOCH.test_correct = 10_000  # type: ignore[misc]


@pytest.mark.parametrize("event", [EPOCH, Paused(), Resumed(), Finished(), Stopped(), Failed(reason="no memory")])
def test_a_row_becomes_the_event_that_it_was(event: Event) -> None:
    without = replace(event, checkpoint=None) if isinstance(event, Epoch) else event
    assert event_from_row(event.row()) == without


def test_what_older_labs_did_not_say_is_not_missed() -> None:
    """Their epochs have measured nothing on training images, and their runs say no commit."""
    row = EPOCH.row()
    del row["measured"]
    assert event_from_row(row) == replace(EPOCH, measured=(), checkpoint=None)
    said = STARTED.row()
    del said["code_commit"]
    assert event_from_row(said) == STARTED


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("finished", "an event is 'finished'; it must be an object."),
        ({"event": "exploded"}, "an event is of the unknown kind 'exploded'."),
        ({"event": "failed"}, "a 'failed' event lacks the field 'reason'."),
        ({"event": "paused", "why": "x"}, "a 'paused' event has no field 'why'."),
        ({"event": "failed", "reason": 5}, "reason of a 'failed' event is 5; it must be of the type str."),
        (EPOCH.row() | {"epoch": True}, "epoch of an 'epoch' event is True; it must be of the type int."),
        (EPOCH.row() | {"epoch": 2**63}, "epoch of an 'epoch' event has 64 bits; it must have at most 63."),
        (EPOCH.row() | {"measured": 5}, "measured of an 'epoch' event is 5; it must be of the type tuple."),
        (EPOCH.row() | {"measured": [5]}, "what an 'epoch' event has measured is 5; it must be an object."),
        (
            EPOCH.row() | {"measured": [{"images": 5}]},
            "what an 'epoch' event has measured lacks the field 'augmented'.",
        ),
        (
            EPOCH.row() | {"measured": [{"images": 5, "augmented": 1, "loss": 0.3, "correct": 5}]},
            "augmented of what an 'epoch' event has measured is 1; it must be of the type bool.",
        ),
        (
            EPOCH.row() | {"measured": [{"images": 0, "augmented": False, "loss": 0.3, "correct": 0}]},
            "an 'epoch' event has measured 0 images; it must be at least 1.",
        ),
    ],
)
def test_what_no_run_says_is_refused_in_a_sentence(row: object, sentence: str) -> None:
    with pytest.raises(EventError) as error:
        event_from_row(row)
    assert str(error.value) == sentence
