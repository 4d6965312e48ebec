"""What a run must be to be vouched for: its name, its events without a gap, and checkpoints that are whole."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from typing import Any

import safetensors

from lab.config import EVALUATION_IMAGES
from lab.events import Epoch, Event, Finished, Started, Window
from lab.layers import ImpossibleNetwork, layer_table
from lab.network_config import CLASSES
from lab.store.checkpoints import is_whole
from lab.store.schema import NOT_IN_A_NAME
from lab.store.snapshots import Run

MOST_TEXT = 10_000
"""Characters of a text, such as why a run failed: a page shows all of it, and a list of runs that of each."""


def faults(run: Run, events: Sequence[Event], checkpoints: Iterable[Any]) -> list[str]:
    """What is wrong with a run, each as the end of a sentence; `checkpoints` are its rows, in order of their epochs."""
    return [
        *_text_faults("its", run),
        *_name_faults(run),
        *_event_faults(run, events),
        *_checkpoint_faults(run, events, checkpoints),
    ]


def _text_faults(whose: str, told: Run | Event) -> Iterator[str]:
    texts = ((item.name, getattr(told, item.name)) for item in fields(told))
    for name, text in texts:
        if isinstance(text, str) and len(text) > MOST_TEXT:
            yield f"{whose} {name} has {len(text):,} characters"


def _name_faults(run: Run) -> Iterator[str]:
    if any(unicodedata.category(sign) in NOT_IN_A_NAME for sign in run.name[:MOST_TEXT]):
        yield "its name has control characters"
    if len(run.uuid) != 32 or not set(run.uuid) <= set("0123456789abcdef"):
        yield f"its uuid is {run.uuid[:40]!r}"
    begins = run.parent_epoch is not None and 1 <= run.parent_epoch < run.config.epochs
    if (run.parent, run.parent_epoch) != (None, None) and not (run.parent and begins):
        yield f"it says that it continues another run after epoch {run.parent_epoch}"


def _event_faults(run: Run, events: Sequence[Event]) -> Iterator[str]:
    epochs = [event for event in events if isinstance(event, Epoch)]
    if [event.epoch for event in epochs] != list(range(1, len(epochs) + 1)):
        yield f"its epochs are {_listed(event.epoch for event in epochs)}; they must be 1, 2, 3 and so on"
    if len(epochs) > run.config.epochs:
        yield f"it has {len(epochs)} epochs of {run.config.epochs}"
    is_done = bool(events) and isinstance(events[-1], Finished) and len(epochs) == run.config.epochs
    if run.status == "finished" and not is_done:
        yield f"it is marked as finished after {len(epochs)} of {run.config.epochs} epochs"
    for epoch in epochs:
        yield from _epoch_faults(epoch)
    latest = (0, 0)
    for event in events:
        yield from _text_faults(f"of a {event.kind!r} event the", event)
        if isinstance(event, Started):
            yield from _started_faults(event)
            latest = (0, 0)  # resumed: it goes on after its last finished epoch
        if isinstance(event, Window):
            yield from _window_faults(run, event)
            if (event.epoch, event.iteration) <= latest:
                yield f"its points go back at iteration {event.iteration} of epoch {event.epoch}"
            latest = (event.epoch, event.iteration)


def _started_faults(event: Started) -> Iterator[str]:
    if not 1 <= event.first_epoch <= event.epochs or min(event.iterations_per_epoch, event.batch_size) < 1:
        yield "how it says that it began is impossible"


def _window_faults(run: Run, event: Window) -> Iterator[str]:
    """Only a loss may be no finite number, where a network diverged."""
    most = run.config.epochs * run.config.iterations_per_epoch
    is_there = 1 <= event.epoch <= run.config.epochs and 1 <= event.iteration <= most
    is_measured = 0 <= event.accuracy <= 100 and 0 <= event.learning_rate < math.inf and not event.loss < 0
    if not is_there or not is_measured or not 0 < event.images_per_second < math.inf:
        yield f"its point at iteration {event.iteration} of epoch {event.epoch} is impossible"


def _epoch_faults(event: Epoch) -> Iterator[str]:
    shares = (event.train_accuracy, event.test_accuracy)
    if not all(0 <= share <= 100 for share in shares) or not 0 <= event.test_correct <= EVALUATION_IMAGES:
        yield f"an accuracy of its epoch {event.epoch} is impossible"
    elif abs(event.test_accuracy - 100 * event.test_correct / EVALUATION_IMAGES) > 0.01:
        yield f"epoch {event.epoch} says {event.test_correct} correct and {event.test_accuracy} %"
    if not (0 <= event.seconds < math.inf and 0 <= event.learning_rate < math.inf):
        yield f"the time or the learning rate of its epoch {event.epoch} is impossible"
    for part in event.measured:
        if not 0 <= part.correct <= part.images or part.loss < 0:
            yield f"the accuracy of its epoch {event.epoch} on training images is impossible"
    if event.train_loss < 0 or event.test_loss < 0:  # NaN is what a network that diverged says
        yield f"a loss of its epoch {event.epoch} is negative"


def _checkpoint_faults(run: Run, events: Sequence[Event], checkpoints: Iterable[Any]) -> Iterator[str]:
    epochs = [event.epoch for event in events if isinstance(event, Epoch)]
    kept = []
    for row in checkpoints:
        kept.append(row.epoch)
        where = f"its checkpoint of epoch {row.epoch}"
        if not is_whole(row):
            yield f"{where} is damaged"
            continue
        if len(row.predictions) != EVALUATION_IMAGES or max(row.predictions) >= CLASSES:
            yield f"{where} has no predictions of {EVALUATION_IMAGES:,} images"
        if not _are_weights_of(run, row.weights):
            yield f"{where} holds no weights of its network"
        if row.optimizer_state is not None and _shapes(row.optimizer_state) is None:
            yield f"{where} holds no optimiser state"
    if not set(kept) <= set(epochs):
        yield f"it has checkpoints of epochs {_listed(kept)}, but finished {len(epochs)}"
    if epochs and epochs[-1] not in kept:
        yield f"the checkpoint of its last epoch, {epochs[-1]}, is missing"


def _are_weights_of(run: Run, content: bytes) -> bool:
    """Whether they can be read, and have the convolutions and the linear layer of the run's network."""
    shapes = _shapes(content)
    if shapes is None:
        return False
    try:
        rows = [row for row in layer_table(run.config.network) if row.kind in ("conv", "linear")]
    except ImpossibleNetwork:
        return False
    wanted = [
        [row.output_shape[0], row.input_shape[0], *([row.kernel] * 2 if row.kind == "conv" else [])] for row in rows
    ]
    return sorted(wanted) == sorted(shape for shape in shapes if len(shape) > 1)


def _shapes(content: bytes) -> list[list[int]] | None:
    """The shapes of the tensors in safetensors bytes; None where they are none."""
    try:
        return [tensor["shape"] for _, tensor in safetensors.deserialize(content)]  # type: ignore[no-untyped-call]
    except safetensors.SafetensorError:
        return None


def _listed(numbers: Iterable[int]) -> str:
    """`1, 2, 4`, at most ten of them."""
    listed = list(numbers)
    return ", ".join(map(str, listed[:10])) + (", …" if len(listed) > 10 else "")
