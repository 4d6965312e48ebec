"""What a run says is a closed list of plain rows."""

import json
from dataclasses import FrozenInstanceError

import pytest

from lab.events import Epoch, Event, Failed, Finished, Paused, Resumed, Started, Stopped, Window

EPOCH = Epoch(
    epoch=2,
    train_loss=0.5,
    train_accuracy=90.0,
    test_loss=0.4,
    test_accuracy=91.5,
    test_correct=9150,
    learning_rate=0.01,
    seconds=3.5,
    predictions=b"\x07\x02",
    weights=b"weights",
    optimizer_state=b"state",
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
    }


@pytest.mark.parametrize("event", [EPOCH, Paused(), Resumed(), Finished(), Stopped(), Failed(reason="no memory")])
def test_a_row_survives_json(event: Event) -> None:
    assert json.loads(json.dumps(event.row())) == event.row()


def test_an_event_cannot_be_changed_once_said() -> None:
    with pytest.raises(FrozenInstanceError):
        EPOCH.test_correct = 10_000  # type: ignore[misc]
