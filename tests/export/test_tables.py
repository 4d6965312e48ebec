"""Figures as CSV: a line an epoch or a window, every digit kept, nothing where nothing was measured."""

import csv
import io

from hypothesis import given
from summaries import any_epochs, epoch, window

from lab.events import Epoch
from lab.export.tables import EPOCH_COLUMNS, WINDOW_COLUMNS, epochs_csv, windows_csv


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_an_epoch_is_a_line_with_what_was_measured_and_how() -> None:
    (line,) = read(epochs_csv([epoch(3, 99.1, train=98.0, test_loss=0.0312, measured=99.7)]))
    assert tuple(line) == EPOCH_COLUMNS
    assert (line["epoch"], line["test_accuracy"], line["test_correct"]) == ("3", "99.1", "9910")
    assert (line["train_accuracy"], line["train_accuracy_evaluated"]) == ("98.0", "99.7")
    assert (line["train_images_read"], line["train_accuracy_augmented"]) == ("10000", "")


def test_what_was_not_measured_is_an_empty_cell() -> None:
    (line,) = read(epochs_csv([epoch(1)]))
    assert [line[name] for name in EPOCH_COLUMNS if line[name] == ""] == [""] * 4


def test_a_window_is_a_line() -> None:
    first, second = read(windows_csv([window(1, 46, loss=0.5), window(1, 92, accuracy=91.25)]))
    assert tuple(first) == WINDOW_COLUMNS
    assert (first["iteration"], first["loss"], second["accuracy"]) == ("46", "0.5", "91.25")


def test_nothing_is_a_header() -> None:
    assert epochs_csv([]) == ",".join(EPOCH_COLUMNS) + "\n"


@given(any_epochs())
def test_every_figure_comes_back_as_it_was(told: list[Epoch]) -> None:
    for line, one in zip(read(epochs_csv(told)), told, strict=True):
        for name in ("train_loss", "test_loss", "test_accuracy", "learning_rate", "seconds"):
            assert repr(float(line[name])) == repr(getattr(one, name))  # repr: nan is nan
