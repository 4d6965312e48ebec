"""Runs side by side in one table: results first, then the settings that differ, then what they share."""

from dataclasses import replace

import pytest
from any_config import run_configs
from hypothesis import given
from summaries import epoch, epochs, seed_runs, summary

from lab.comparison import comparison, table
from lab.config import RunConfig
from lab.describe import describe_config
from lab.groups import Group, each, grouped
from lab.number_words import unbroken
from lab.steps import step
from lab.training_config import Augmentation


def lines(*args: object, **rest: object) -> dict[str, tuple[str, ...]]:
    return {row.what: row.values for row in comparison(*args, **rest)}  # type: ignore[arg-type]


def test_results_come_first_then_the_settings_that_differ_then_the_others() -> None:
    one = summary(epochs(98.0, 99.0), run=1)
    rows = comparison(each([one, summary(epochs(98.5), run=2, batch_size=32)]))
    kinds = [(row.is_result, row.differs) for row in rows if not row.is_result]
    assert [row.is_result for row in rows] == sorted((row.is_result for row in rows), reverse=True)
    assert kinds == sorted(kinds, key=lambda kind: not kind[1])
    assert [row.what for row in rows if row.differs and not row.is_result] == ["Batch size"]
    assert {row.what for row in rows if not row.is_result} == {name for name, _ in describe_config(one.config)}


def test_results_say_what_a_run_came_to() -> None:
    found = lines(
        each([summary([epoch(1, 98.0, measured=98.5, seconds=30), epoch(2, 97.5, measured=98.5, seconds=40)])])
    )
    assert found["Last test accuracy, %"] == ("97.50",)
    assert found["Best test accuracy, %"] == ("98.00",)
    assert found["Train − test, points"] == ("1.00",)
    below = lines(each([summary([epoch(1, 98.0, measured=97.5)])]))
    assert below["Train − test, points"] == ("−0.50",)
    assert found["Wrong of 10,000"] == ("250",)
    assert found["Epochs done"] == ("2 of 2",)
    assert found["Training time"] == (unbroken("1 min 10 s"),)
    assert found["Parameters"] == ("9,426",)


def test_runs_of_one_config_that_are_no_group_say_what_keeps_them_apart() -> None:
    here = summary(epochs(98.0, 99.0), hardware="a CPU, PyTorch engine")
    rows = comparison(grouped([here, replace(here, run=2, device="cuda")]), differences_only=True)
    assert [(row.what, row.values) for row in rows] == [
        ("Computed in", ("float32, PyTorch engine", "float32, PyTorch engine on a GPU"))
    ]


def test_large_numbers_are_written_alike() -> None:
    assert lines(each([summary(epochs(12.51))]))["Wrong of 10,000"] == ("8,749",)
    group = lines(grouped(seed_runs(5, 60.0, 70.0)))
    assert group["Wrong of 10,000"] == ("3,500.0 ± 707.1 (2)",)


def test_a_group_says_mean_spread_and_number_of_seeds() -> None:
    found = lines(grouped(seed_runs(5, 99.3, 99.4, 99.5)))
    assert found["Last test accuracy, %"] == ("99.40 ± 0.10 (3)",)
    assert found["Wrong of 10,000"] == ("60.0 ± 10.0 (3)",)
    assert found["Seed"] == ("1, 2, 3",)


def test_what_a_run_does_not_have_is_a_dash() -> None:
    found = lines(each([summary(), summary([epoch(1, 98.0)])]))
    assert found["Last test accuracy, %"] == ("–", "98.00")
    assert found["Train − test, points"] == ("–", "–")


def test_of_a_group_a_figure_is_a_dash_where_one_of_its_runs_lacks_it() -> None:
    read, unread = summary(epochs(99.0, over=0.5)), summary([epoch(1, 98.0)], run=2, seed=2)
    assert lines([Group(runs=(read, unread))])["Train − test, points"] == ("–",)
    assert lines([Group(runs=(read,))])["Train − test, points"] == ("0.50",)


def test_accuracies_on_different_images_are_not_called_test() -> None:
    found = lines(each([summary(epochs(99.0)), summary(epochs(99.0), evaluate_on="validation")]))
    assert "Last evaluation accuracy, %" in found
    assert found["Evaluated on"] == ("test images", "validation images, held out of training")


def test_differences_only_leaves_out_what_all_share() -> None:
    runs = each([summary(epochs(99.0)), summary(epochs(99.0), augmentation=Augmentation(rotation=7), seed=4)])
    names = [row.what for row in comparison(runs, differences_only=True) if not row.is_result]
    assert names == ["Seed"]  # step 5 rotates by 7 already
    assert lines(runs, differences_only=True).keys() == {"Seed"}  # nor a result that is the same
    runs += each([summary(epochs(98.0))])
    assert "Last test accuracy, %" in lines(runs, differences_only=True)


def test_a_forks_settings_are_said_to_hold_only_from_where_it_goes_on() -> None:
    parent, fork = summary(epochs(98.0, 99.0), run=1), replace(summary(epochs(98.0, 99.0), run=2), parent_epoch=1)
    rows = [row for row in comparison(each([parent, fork]), differences_only=True) if not row.is_result]
    assert [(row.what, row.values) for row in rows] == [("Forked from another run after epoch", ("–", "1"))]
    assert "Forked from another run after epoch" not in lines(each([parent]))


def test_the_table_has_a_column_for_each_and_none_has_none() -> None:
    runs = each([summary(epochs(99.0), run=3), summary(epochs(99.0), run=8, seed=2)])
    first, *_ = table(runs, comparison(runs))
    assert first == {"": "Last test accuracy, %", "Run 3": "99.00", "Run 8": "99.00"}
    assert comparison([]) == []


@given(run_configs, run_configs)
def test_every_setting_that_differs_in_words_is_told(left: RunConfig, right: RunConfig) -> None:
    left, right = (replace(config, network=step(5).config.network) for config in (left, right))  # one there can be
    runs = each([replace(summary(), config=left, run=1), replace(summary(), config=right, run=2)])
    told = {row.what for row in comparison(runs, differences_only=True) if not row.is_result}
    mine, theirs = dict(describe_config(left)), dict(describe_config(right))
    assert told == {name for name in mine if mine[name] != theirs[name]}


@pytest.mark.parametrize("count", [1, 2, 9])
def test_as_many_columns_as_groups(count: int) -> None:
    runs = each(summary(epochs(99.0), run=number) for number in range(count))
    assert {len(row) for row in table(runs, comparison(runs))} == {count + 1}
