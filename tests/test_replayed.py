"""The replayed logs are kept in one file and told beside the published ones."""

import csv
import dataclasses
from pathlib import Path

from summaries import replayed_epochs

from benchmarks.replayed import keep, kept, replays

LINE = replayed_epochs(5, draw=2)[0]


def test_lines_are_kept_under_one_heading(tmp_path: Path) -> None:
    kept = tmp_path / "replayed.csv"
    keep(LINE, kept)
    keep(LINE, kept)
    with kept.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["train_correct"] for row in rows] == [f"{LINE.train_correct}"] * 2
    assert rows[0]["evaluated_train_correct"] == ""


def test_what_is_kept_is_read_back_and_of_two_replays_the_newest_counts(tmp_path: Path) -> None:
    path = tmp_path / "replayed.csv"
    assert kept(path) == []
    first = dataclasses.replace(LINE, step=2, masks="", evaluated_train_correct=59_000, evaluated_train_loss=0.5)
    for line in (LINE, first, dataclasses.replace(LINE, test_correct=9_900)):
        keep(line, path)
    assert kept(path) == [first, dataclasses.replace(LINE, test_correct=9_900)]


def test_a_replay_stands_beside_the_published_log() -> None:
    told = replays(replayed_epochs(2, right=9_900))
    assert (
        "**Step 2 (PyTorch 2.14.1).** Training accuracy lies within 0.00 points of the published one in all 15 epochs"
        in told
    )
    assert "test accuracy within 0.08" in told and "correlates with the published one's by 1.00" in told
    assert "59,600 training images are read right with a loss of 0.0200; published: 59,523, 0.0241." in told
    assert told.splitlines()[-1].startswith("| 15 | 99.13 | 99.13 | 0.0003 | 0.0003 | 98.92 | 99.00 |")


def test_a_replay_that_was_broken_off_is_left_out() -> None:
    assert replays(replayed_epochs(3, draw=4, count=14)) == "No whole replay is kept yet."
    assert "draw" not in replays((*replayed_epochs(2), *replayed_epochs(5, draw=1, count=2)))
