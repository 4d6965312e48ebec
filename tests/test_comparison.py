"""Several runs on one chart: each told from the others, and none laid over another without a word."""

import html
from typing import Any

import pytest
from charts import GROUNDS, checked, contrast, inside, points, series
from hypothesis import given
from hypothesis import strategies as st
from summaries import any_epochs, epoch, epochs, summary

from lab import comparison
from lab.comparison import DASHES, SERIES
from lab.curves import LOSS_FLOOR
from lab.events import Epoch
from lab.figures import TEST
from lab.steps import TARGET_ACCURACY, PublishedEpoch, published_epochs

overlay_figure = checked(comparison.overlay_figure)
steps_figure = checked(comparison.steps_figure)
PUBLISHED_3 = published_epochs(3)


def test_overlaid_runs_have_a_name_a_colour_and_a_dash_each() -> None:
    runs = [summary(epochs(98.0 + number / 10), run=number) for number in range(6)]
    figure = overlay_figure(runs, "accuracy")
    assert [trace.name for trace in figure.data] == [f"{number}: a run" for number in range(6)]
    assert len({trace.line.color for trace in figure.data}) == 6
    assert len({trace.line.dash for trace in figure.data}) == 6
    assert {trace.line.color for trace in figure.data} <= set(SERIES)


def test_every_colour_of_a_run_reaches_three_to_one_on_the_ground_of_both_themes() -> None:
    assert [(colour, ground) for colour in SERIES for ground in GROUNDS if contrast(colour, ground) < 3] == []


def test_charts_of_several_runs_say_what_they_show() -> None:
    run = summary(epochs(98.0))
    assert overlay_figure([run], "loss").layout.meta == "Test loss by epoch"
    assert steps_figure((), [run]).layout.meta == "Test accuracy (%) by epoch"


def test_more_runs_than_colours_are_still_told_apart() -> None:
    many = len(SERIES) + len(DASHES)
    figure = overlay_figure([summary(epochs(99.0), run=number) for number in range(many)], "accuracy")
    assert len({(trace.line.color, trace.line.dash) for trace in figure.data}) == many


def test_an_overlay_spans_the_longest_run_and_draws_the_figure_asked_for() -> None:
    told = [epoch(number, test_loss=loss) for number, loss in enumerate((0.2, 0.1, 0.0), start=1)]
    figure = overlay_figure([summary(epochs(98.0)), summary(told)], "loss")
    assert points(figure.data[1]) == [(1, 0.2), (2, 0.1), (3, LOSS_FLOOR)]
    assert figure.layout.xaxis.range == (0, 3.3)
    assert figure.layout.yaxis.type == "log"
    assert figure.layout.yaxis.title.text == "Test loss"


def test_an_overlay_of_no_epochs_is_an_empty_chart() -> None:
    assert overlay_figure([], "accuracy").layout.xaxis.range == (0, 1.3)
    assert points(overlay_figure([summary()], "accuracy").data[0]) == []


def test_an_overlay_says_which_images_its_runs_were_evaluated_on() -> None:
    test, held_out = summary(epochs(99.0), run=1), summary(epochs(99.0), run=2, evaluate_on="validation")

    def label(*runs: Any) -> str:
        return str(overlay_figure(runs, "accuracy").layout.yaxis.title.text)

    assert [label(test), label(held_out)] == ["Test accuracy (%)", "Validation accuracy (%)"]
    assert label(test, held_out) == "Accuracy (%)"
    mixed = overlay_figure([test, held_out], "accuracy")
    assert [trace.name for trace in mixed.data] == ["1: a run (test)", "2: a run (validation)"]


@pytest.mark.parametrize("name", ["lr<b>0.1</b>", "$x$", "%{y}", "a<br>b", "&amp;", "5*5 vs 3*3"])
def test_a_runs_name_is_shown_as_typed(name: str) -> None:
    (trace,) = overlay_figure([summary(epochs(99.0), name=name)], "accuracy").data
    assert html.unescape(trace.name) == f"1: {name}"
    assert not set("<>$%") & set(trace.name)
    assert trace.hovertemplate == "%{y:.2f} %"  # with a template of its own, Plotly shows names whole


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
    assert steps_figure((), [summary(epochs(*[99.0] * 20))]).layout.xaxis.range == (0, 20.3)


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


def test_runs_on_different_numbers_of_images_say_so() -> None:
    whole, part = summary(epochs(99.0), name="whole"), summary(epochs(95.0), name="part", training_images=6_000)
    assert list(series(overlay_figure([whole, part], "accuracy"))) == [
        "1: whole, 60,000 images",
        "1: part, 6,000 images",
    ]


@given(
    st.lists(any_epochs(), min_size=1, max_size=3),
    st.sampled_from([(), *(published_epochs(number) for number in range(1, 6))]),
)
def test_every_point_of_a_steps_chart_lies_inside_its_axes(
    runs: list[list[Epoch]], published: tuple[PublishedEpoch, ...]
) -> None:
    assert inside(steps_figure(published, [summary(told) for told in runs]))
