"""A comparison as files: every run or group a column and a line, by the names that the page gives them."""

import csv
import io

import pytest
from examples import tiny_run
from PIL import Image
from stories import finished
from summaries import epoch, epochs, summary

from lab.export import COMPARISON_FILES, comparison_file, comparison_files, comparison_name
from lab.groups import each, grouped
from lab.store import Store, StoreError


def read(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def test_two_runs_give_a_table_with_a_column_each_and_their_charts(store: Store) -> None:
    for size in (16, 8):
        finished(store, tiny_run(batch_size=size))
    files = comparison_files(store, [2, 1])
    assert list(files) == list(COMPARISON_FILES)
    head, *lines = read(files["comparison.csv"])
    assert head == ["", "Run 1", "Run 2"]
    assert ["Batch size", "16", "8"] in lines
    assert ["Epochs done", "3 of 3", "3 of 3"] in lines
    for what in ("accuracy", "loss"):
        assert b"run 1" in files[f"{what}.svg"] and b"run 2" in files[f"{what}.svg"]
        assert Image.open(io.BytesIO(files[f"{what}.png"])).format == "PNG"


def test_a_table_for_programs_has_the_minus_sign_that_programs_read() -> None:
    content = comparison_file(each([summary([epoch(1, 98.0, measured=97.5, seconds=70)])]), "comparison.csv")
    assert ["Train - test, points", "-0.50"] in read(content)
    assert ["Training time", "1 min 10 s"] in read(content)


def test_a_spreadsheet_reads_the_signs_of_the_table_as_they_are() -> None:
    groups = grouped(summary(epochs(98.0, final), run=seed, seed=seed) for seed, final in ((1, 99.0), (2, 99.2)))
    content = comparison_file(groups, "comparison.csv")
    assert content.startswith(b"\xef\xbb\xbf")  # else Excel takes it for another encoding
    assert ["Last test accuracy, %", "99.10 ± 0.14 (2)"] in read(content)


def test_two_groups_of_many_seeds_keep_a_column_each(store: Store) -> None:
    for size in (16, 8):
        for seed in range(4):
            finished(store, tiny_run(batch_size=size, seed=seed))
    head, *lines = read(comparison_files(store, range(1, 9))["comparison.csv"])
    assert head == ["", "4 seeds from run 1", "4 seeds from run 5"]
    assert ["Batch size", "16", "8"] in lines


def test_the_charts_can_show_every_epoch() -> None:
    runs = each([summary(epochs(90.0, *[99.0 + number / 50] * 14), run=number) for number in (1, 2)])
    assert comparison_file(runs, "accuracy.svg") != comparison_file(runs, "accuracy.svg", whole=True)


def test_runs_without_an_epoch_have_a_comparison_too(store: Store) -> None:
    runs = [store.submit(tiny_run(batch_size=size)) for size in (16, 8)]
    assert all(comparison_files(store, runs).values())


def test_a_run_that_is_not_there_gives_no_files(store: Store) -> None:
    with pytest.raises(StoreError, match="no run 99"):
        comparison_files(store, [finished(store), 99])


@pytest.mark.parametrize(
    ("runs", "name"), [([8, 3], "runs-3-8"), (range(1, 6), "runs-1-2-3-4-5"), (range(1, 7), "runs-1-to-6")]
)
def test_files_are_named_after_their_runs(runs: list[int], name: str) -> None:
    assert comparison_name(runs) == name


def test_a_run_without_an_epoch_takes_no_colour_and_no_place_on_the_charts() -> None:
    """As on the page, whose colours a chart to take along must have."""
    untrained, trained = summary([], run=1), summary(epochs(98.0, 99.0), run=2)
    for name in ("accuracy.svg", "loss.svg"):
        assert comparison_file(each([untrained, trained]), name) == comparison_file(each([trained]), name)
