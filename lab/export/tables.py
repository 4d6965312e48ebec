"""A run's epochs and windows as CSV: a header of field names, one line each, numbers with every digit."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from lab.analysis import training_augmented, training_evaluated
from lab.events import Epoch, Window
from lab.number_words import typed

EPOCH_COLUMNS = (
    "epoch",
    "train_loss",
    "train_accuracy",
    "test_loss",
    "test_accuracy",
    "test_correct",
    "train_images_read",
    "train_accuracy_evaluated",
    "train_loss_evaluated",
    "train_accuracy_augmented",
    "learning_rate",
    "seconds",
)
"""Accuracies in percent. `test_` is of the images in the config's `evaluate_on`; `train_` was measured while training,
`_evaluated` afterwards as the test images are, `_augmented` likewise on changed images."""
WINDOW_COLUMNS = ("epoch", "iteration", "loss", "accuracy", "learning_rate", "images_per_second")


def epochs_csv(epochs: Iterable[Epoch]) -> str:
    """One line an epoch; a cell is empty where nothing was measured."""
    return _csv(EPOCH_COLUMNS, map(_epoch_row, epochs))


def windows_csv(windows: Iterable[Window]) -> str:
    """One line a window, about twenty an epoch."""
    return _csv(WINDOW_COLUMNS, map(asdict, windows))


def rows_csv(rows: Sequence[Mapping[str, str]]) -> str:
    """Rows that all have the same columns, at least one; a page's minus signs as programs read them."""
    return typed(_csv(tuple(rows[0]), rows))


def _epoch_row(epoch: Epoch) -> dict[str, Any]:
    read, augmented = training_evaluated(epoch), training_augmented(epoch)
    told = {name: getattr(epoch, name) for name in EPOCH_COLUMNS if hasattr(epoch, name)}
    return told | {
        "train_images_read": read and read.images,
        "train_accuracy_evaluated": read and read.accuracy,
        "train_loss_evaluated": read and read.loss,
        "train_accuracy_augmented": augmented and augmented.accuracy,
    }


def _csv(columns: tuple[str, ...], rows: Iterable[Mapping[str, Any]]) -> str:
    written = io.StringIO()
    table = csv.DictWriter(written, columns, extrasaction="ignore", lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return written.getvalue()
