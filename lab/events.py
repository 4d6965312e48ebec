"""What a run says while it trains: a closed list of frozen values.

`Started` comes first; exactly one of `Finished`, `Stopped` or `Failed` comes last. Losses are mean cross-entropies in
nats, accuracies are percentages.
"""

from __future__ import annotations

import typing
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from functools import lru_cache
from typing import Any, ClassVar

DIVERGED = "The loss is no longer a finite number: the run has diverged. Try a lower learning rate."
"""Why a run failed that can only do so again: to train it once more is to train the very same."""
THEN = "; "
"""Between the attempts of a run that was resumed elsewhere, where its hardware is told: see `Started.hardware`."""


class EventError(ValueError):
    """What was kept is not an event that a run can say; the message names what is wrong with it."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """Base of all events."""

    kind: ClassVar[str]

    def row(self) -> dict[str, Any]:
        """The event as a plain row: its kind under "event", then its fields. An epoch's checkpoint is no part of it."""
        kind: type = type(self)
        values = {name: getattr(self, name) for name in _types(kind)}
        if "measured" in values:
            values["measured"] = [asdict(measured) for measured in values["measured"]]
        return {"event": self.kind} | values


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """The network after an epoch: what it read, and all that is needed to go on from there."""

    epoch: int
    weights: bytes
    """safetensors."""
    predictions: bytes
    """The predicted label of each evaluation image, one byte each."""
    optimizer_state: bytes | None
    """safetensors; the store keeps it for the newest epoch only, since resuming needs no other."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Training images read as the test images are: no dropout, batch norm's statistics fixed, the network at rest."""

    images: int
    augmented: bool
    """Whether they were changed as in training, once; else they are as they came."""
    loss: float
    correct: int

    @property
    def accuracy(self) -> float:
        """Percent of the images."""
        return 100 * self.correct / self.images


@dataclass(frozen=True, kw_only=True)
class Started(Event):
    """Training begins, with the first epoch or, when resumed, with a later one."""

    kind: ClassVar[str] = "started"
    device: str
    device_name: str
    engine: str
    """How it computes: compiled, folded or PyTorch."""
    parameters: int
    first_epoch: int
    epochs: int
    iterations_per_epoch: int
    batch_size: int
    code_commit: str = ""
    """Of the lab's code that trains it; empty where it is not known, and in runs of older labs."""

    @property
    def hardware(self) -> str:
        """What it is trained on and by, in words: `a CPU, 2 threads, compiled engine`."""
        return f"{self.device_name}, {self.engine} engine"


@dataclass(frozen=True, kw_only=True)
class Window(Event):
    """About a twentieth of an epoch: means over the images seen since the last window, while training."""

    kind: ClassVar[str] = "window"
    epoch: int
    iteration: int
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
    """Training and evaluation together; left out are pauses, and what it took to keep what was said."""
    measured: tuple[Measured, ...] = ()
    """The sample of the training images; after the last epoch then all of them and, where training augments, all of
    them augmented. Empty where it was switched off, and in runs of older labs."""
    checkpoint: Checkpoint | None = None
    """None in an epoch that comes back from the store, which keeps checkpoints by themselves."""

    @property
    def sample(self) -> Measured | None:
        """What a curve shows of the training images: the same ones in every epoch; None where none were read."""
        return self.measured[0] if self.measured else None


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


KINDS: Mapping[str, type[Event]] = {
    kind.kind: kind for kind in (Started, Window, Epoch, Paused, Resumed, Finished, Stopped, Failed)
}


def event_from_row(row: object) -> Event:
    """The event that `Event.row` made `row` of.

    Raises:
        EventError: it is not such a row: its kind is unknown, or a field is missing, unknown or of another type.
            A field that older labs did not write may be missing.
    """
    if not isinstance(row, dict):
        raise EventError(f"an event is {row!r}; it must be an object.")
    kind = KINDS.get(str(row.get("event")))
    if kind is None:
        raise EventError(f"an event is of the unknown kind {row.get('event')!r}.")
    values = {name: value for name, value in row.items() if name != "event"}
    if isinstance(values.get("measured"), list):
        values["measured"] = tuple(_measured(part) for part in values["measured"])
    _check(values, kind, f"{'an' if kind is Epoch else 'a'} {kind.kind!r} event")
    return kind(**values)


def _measured(row: object) -> Measured:
    if not isinstance(row, dict):
        raise EventError(f"what an 'epoch' event has measured is {row!r}; it must be an object.")
    _check(row, Measured, "what an 'epoch' event has measured")
    if row["images"] < 1:
        raise EventError(f"an 'epoch' event has measured {row['images']} images; it must be at least 1.")
    return Measured(**row)


def _check(values: Mapping[str, Any], kind: type, what: str) -> None:
    """Hold the values of a row against the fields of the dataclass `kind`."""
    types = _types(kind)
    odd = sorted({*(set(values) - set(types)), *(set(types) - set(values) - _may_be_missing(kind))})
    if odd:
        raise EventError(f"{what} {'has no' if odd[0] in values else 'lacks the'} field {odd[0]!r}.")
    for name, value in values.items():
        wanted = types[name]
        if isinstance(value, bool) != (wanted is bool) or not isinstance(
            value, (int, float) if wanted is float else wanted
        ):
            raise EventError(f"{name} of {what} is {value!r}; it must be of the type {wanted.__name__}.")
        if isinstance(value, int) and abs(value) >= 2**63:
            raise EventError(f"{name} of {what} has {value.bit_length()} bits; it must have at most 63.")


@lru_cache  # read once: a page asks for some hundred events at a time
def _types(kind: type) -> Mapping[str, type]:
    """The fields of a dataclass that stand in its row, and their types."""
    hints = typing.get_type_hints(kind)
    named = [item.name for item in fields(kind) if item.name != "checkpoint"]
    return {name: typing.get_origin(hints[name]) or hints[name] for name in named}


@lru_cache
def _may_be_missing(kind: type) -> frozenset[str]:
    """The fields with a default: rows of older labs lack them."""
    return frozenset(item.name for item in fields(kind) if item.default is not MISSING)
