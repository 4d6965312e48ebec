"""What a run says while it trains: a closed list of frozen values.

`Started` comes first; exactly one of `Finished`, `Stopped` or `Failed` comes last. Losses are mean cross-entropies in
nats, accuracies are percentages.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar


@dataclass(frozen=True, kw_only=True)
class Event:
    """Base of all events."""

    kind: ClassVar[str]

    def row(self) -> dict[str, Any]:
        """The event as a plain row: its kind under "event", then its fields, without binary ones."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        return {"event": self.kind} | {name: v for name, v in values.items() if not isinstance(v, bytes)}


@dataclass(frozen=True, kw_only=True)
class Started(Event):
    """Training begins, with the first epoch or, when resumed, with a later one."""

    kind: ClassVar[str] = "started"
    device: str
    device_name: str
    path: str
    """How it computes: see `lab.computation`."""
    parameters: int
    first_epoch: int
    epochs: int
    steps_per_epoch: int
    batch_size: int


@dataclass(frozen=True, kw_only=True)
class Window(Event):
    """About a twentieth of an epoch: means over the images seen since the last window, while training."""

    kind: ClassVar[str] = "window"
    epoch: int
    step: int
    """Iterations since the start of the run."""
    loss: float
    accuracy: float
    learning_rate: float
    images_per_second: float


@dataclass(frozen=True, kw_only=True)
class Epoch(Event):
    """An epoch is done and evaluated; all that is needed to go on from here."""

    kind: ClassVar[str] = "epoch"
    epoch: int
    train_loss: float
    """Measured while training, dropout and augmentation on, as the published log does."""
    train_accuracy: float
    test_loss: float
    test_accuracy: float
    test_correct: int
    """Of the 10,000 test (or validation) images."""
    learning_rate: float
    """Of the epoch's last iteration."""
    seconds: float
    """Training and evaluation together, pauses left out."""
    predictions: bytes
    """The predicted label of each evaluation image, one byte each."""
    weights: bytes
    """safetensors."""
    optimizer_state: bytes
    """safetensors."""


@dataclass(frozen=True, kw_only=True)
class Paused(Event):
    """Training waits."""

    kind: ClassVar[str] = "paused"


@dataclass(frozen=True, kw_only=True)
class Resumed(Event):
    """Training goes on after a pause."""

    kind: ClassVar[str] = "resumed"


@dataclass(frozen=True, kw_only=True)
class Finished(Event):
    """Every epoch is done."""

    kind: ClassVar[str] = "finished"


@dataclass(frozen=True, kw_only=True)
class Stopped(Event):
    """The user ended it early; finished epochs are kept."""

    kind: ClassVar[str] = "stopped"


@dataclass(frozen=True, kw_only=True)
class Failed(Event):
    """It could not go on."""

    kind: ClassVar[str] = "failed"
    reason: str
