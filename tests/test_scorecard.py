"""The published target, line by line: met, missed, open, or about other runs than this one."""

from typing import Any

import pytest
from summaries import epochs, summary

from lab.analysis import RunSummary
from lab.findings import findings
from lab.scorecard import Check, scorecard
from lab.steps import step


def target(run: RunSummary) -> Check:
    """The line of the scorecard about the accuracy."""
    return scorecard(run)[1]


def test_fewer_than_10_000_parameters_are_known_before_training() -> None:
    small, large = scorecard(summary(status="queued"))[0], scorecard(summary(status="queued", base=step(1).config))[0]
    assert (small.state, small.detail) == ("met", "9,426")
    assert (large.state, large.detail) == ("missed", "185,930")


def test_the_target_is_met_when_each_of_the_last_three_epochs_reaches_99_40() -> None:
    check = target(summary(epochs(98.0, 99.40, 99.41, 99.40)))
    assert check.state == "met"
    assert check.detail == "99.40, 99.41, 99.40 %"


@pytest.mark.parametrize("last", [(99.39, 99.5, 99.5), (99.5, 99.39, 99.5), (99.5, 99.5, 99.39)])
def test_one_of_the_last_three_epochs_below_99_40_misses_the_target(last: tuple[float, ...]) -> None:
    assert target(summary(epochs(99.5, *last))).state == "missed"


def test_the_target_is_open_while_epochs_are_missing() -> None:
    assert target(summary(status="running")).state == "open"
    assert target(summary(status="running")).detail == "no epoch yet"
    assert target(summary(epochs(99.5, 99.5, 99.5), "running", epochs=15)).state == "open"
    assert target(summary(epochs(99.5, 99.5, 99.5), "stopped", epochs=15)).state == "open"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"evaluate_on": "validation"}, "about the test images"),
        ({"training_images": 59_999}, "all 60,000 images, but this run uses 59,999"),
    ],
)
def test_the_target_is_not_claimed_for_another_evaluation_set_or_fewer_images(
    changes: dict[str, Any], why: str
) -> None:
    run = summary(epochs(99.5, 99.5, 99.5), **changes)
    assert target(run).state == "not judged"
    assert why in target(run).detail
    assert "target" not in [finding.about for finding in findings(run)]


def test_the_target_is_not_judged_of_a_run_of_fewer_than_three_epochs() -> None:
    assert target(summary(epochs(99.5, 99.5))).state == "not judged"
