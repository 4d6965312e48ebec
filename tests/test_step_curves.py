"""The chart of a step: its published run, the mean of its seeds in a band, and one's own."""

import pytest
from charts import checked, inside, points, series
from hypothesis import given
from hypothesis import strategies as st
from summaries import any_epochs, epochs, summary

from lab import step_curves
from lab.events import Epoch
from lab.figures import TEST
from lab.published import TARGET_ACCURACY, PublishedEpoch, published_epochs

steps_figure = checked(step_curves.steps_figure)
PUBLISHED_3 = published_epochs(3)


def test_a_steps_own_runs_are_drawn_over_its_published_curve_and_told_apart_by_their_dash() -> None:
    own = [summary(epochs(98.0, 99.0, 99.2), run=7), summary(epochs(98.0, 99.1, 99.3), run=5)]
    found = series(steps_figure(PUBLISHED_3, own))
    assert list(found) == ["published test", "yours, run 7", "yours, run 5"]
    assert points(found["yours, run 7"]) == [(1, 98.0), (2, 99.0), (3, 99.2)]
    assert found["yours, run 7"].line.color == found["yours, run 5"].line.color == TEST
    assert found["yours, run 7"].line.dash != found["yours, run 5"].line.dash
    assert found["published test"].line.dash == "dot"


def test_a_steps_chart_spans_15_epochs_or_the_longest_run() -> None:
    assert steps_figure(PUBLISHED_3, [summary(epochs(99.0))]).layout.xaxis.range == (0, 15.3)
    assert steps_figure((), [summary(epochs(*[99.0] * 18))]).layout.xaxis.range == (0, 18.3)


@pytest.mark.parametrize("number", range(1, 7))
def test_a_steps_chart_shows_every_published_accuracy_and_the_target(number: int) -> None:
    figure = steps_figure(published_epochs(number), [])
    assert inside(figure)
    low, high = figure.layout.yaxis.range
    assert low < TARGET_ACCURACY < high


def test_the_mean_of_seeds_runs_through_a_band_of_one_standard_deviation() -> None:
    """98.0 and 99.0: mean 98.5, sd = sqrt(0.25 + 0.25) = 0.7071; 99.2 and 99.4: mean 99.3, sd 0.1414."""
    found = series(steps_figure((), [], [summary(epochs(98.0, 99.2)), summary(epochs(99.0, 99.4))]))
    assert points(found["mean of 2 seeds ± sd"]) == [(1, 98.5), (2, pytest.approx(99.3))]
    above_and_back = [98.5 + 0.7071, 99.3 + 0.1414, 99.3 - 0.1414, 98.5 - 0.7071]
    assert list(found["spread"].x) == [1, 2, 2, 1]
    assert list(found["spread"].y) == pytest.approx(above_and_back, abs=1e-4)
    assert found["spread"].mode == "none"  # an area, no curve: what a chart says of its curves leaves it out


def test_one_seed_alone_has_no_band() -> None:
    assert list(series(steps_figure((), [], [summary(epochs(98.0))]))) == ["1 seed, measured"]


@given(
    st.lists(any_epochs(), min_size=1, max_size=3),
    st.sampled_from([(), *(published_epochs(number) for number in range(1, 6))]),
)
def test_every_point_of_a_steps_chart_lies_inside_its_axes(
    runs: list[list[Epoch]], published: tuple[PublishedEpoch, ...]
) -> None:
    assert inside(steps_figure(published, [summary(told) for told in runs]))


def test_the_chart_of_a_step_says_what_it_shows() -> None:
    assert steps_figure((), [summary(epochs(98.0))]).layout.meta == "Test accuracy (%) by epoch"
