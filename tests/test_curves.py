"""What the curves promise: each its colour and dash, every point inside its axes, and a zoom that a redraw leaves."""

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

import plotly.graph_objects as go
import pytest
from charts import GROUNDS, NO_GREEN, NO_RED, checked, contrast, distance, distance_seen, inside, limits, points, series
from hypothesis import given
from hypothesis import strategies as st
from summaries import any_epochs, epoch, losses, percentages, sample, started, window

from lab import curves
from lab.config import RunConfig
from lab.curve_axis import CLOSE_RANGE, LOSS_FLOOR, WHOLE_RANGE
from lab.curves import MEASURED_CURVE, SERIES
from lab.events import Epoch, Measured, Window
from lab.figures import MEASURED, PUBLISHED, RATE, TEST, TRAIN
from lab.guess import Guess
from lab.published import TARGET_ACCURACY, PublishedEpoch, published_epochs
from lab.schedule import planned_learning_rates
from lab.steps import step
from lab.timeline import Timeline

accuracy_figure = checked(curves.accuracy_figure)
learning_rate_figure = checked(curves.learning_rate_figure)
loss_figure = checked(curves.loss_figure)

WINDOWS = [
    window(1, 10, loss=1.5, accuracy=50.0),
    window(1, 20, loss=0.8, accuracy=98.0),
    window(2, 30, loss=0.4, accuracy=98.5),
]
TRAINED = Timeline.of([started(epochs=15), *WINDOWS[:2], epoch(1, 98.2, 75.0, test_loss=0.6), WINDOWS[2]])
EMPTY = Timeline()
PUBLISHED_3 = published_epochs(3)


def of(planned: int = 15, **changes: Any) -> RunConfig:
    return replace(step(3).config, epochs=planned, **changes)


def all_curves(planned: int = 3) -> list[go.Figure]:
    """Every chart of one run of `planned` epochs."""
    return [
        loss_figure(TRAINED, of(planned), PUBLISHED_3),
        accuracy_figure(TRAINED, of(planned), PUBLISHED_3),
        learning_rate_figure(planned_learning_rates(of(planned)), planned, 1.5),
    ]


# --- lines -------------------------------------------------------------------------------------------------------


def test_train_is_a_line_by_window_test_a_marked_line_by_epoch_and_published_dotted() -> None:
    found = series(loss_figure(TRAINED, of(), PUBLISHED_3))
    assert set(found) == {"train", MEASURED_CURVE, "test", "published test"}
    train, test, published = found["train"], found["test"], found["published test"]
    assert points(train) == [(10 / 20, 1.5), (20 / 20, 0.8), (30 / 20, 0.4)]
    assert (train.line.color, train.mode) == (TRAIN, "lines")
    assert points(test) == [(1, 0.6)]
    assert (test.line.color, test.mode) == (TEST, "lines+markers")  # visible from its first, single point on
    assert points(published) == [(row.epoch, row.test_loss) for row in PUBLISHED_3]
    assert (published.line.color, published.line.dash) == (PUBLISHED, "dot")
    assert train.line.dash is None  # solid: the published curve is told apart without its colour
    assert test.line.dash is None


MEASURED_TWICE = Timeline.of(
    [
        started(epochs=15),
        epoch(1, 98.2, measured=98.4),
        epoch(2, 98.5),
        replace(
            epoch(3, 98.6),
            measured=(sample(98.9, loss=0.02), Measured(images=60_000, augmented=False, loss=0.5, correct=30_000)),
        ),
    ]
)


@pytest.mark.parametrize(
    ("figure", "heights"), [(loss_figure, [(1, 0.03), (3, 0.02)]), (accuracy_figure, [(1, 98.4), (3, 98.9)])]
)
def test_training_images_read_as_test_images_are_have_a_curve_of_their_own(figure: Any, heights: Any) -> None:
    """Of the sample, the same images in every epoch; told from the others by colour, dash, marker and name."""
    found = series(figure(MEASURED_TWICE, of(), PUBLISHED_3))
    measured = found[MEASURED_CURVE]
    assert points(measured) == heights
    assert (measured.line.color, measured.line.dash, measured.marker.symbol) == (MEASURED, "dash", "diamond")
    others = [trace for name, trace in found.items() if name != MEASURED_CURVE]
    assert MEASURED not in [trace.line.color for trace in others]
    assert "dash" not in [trace.line.dash for trace in others]
    assert "diamond" not in [trace.marker.symbol for trace in others]


@pytest.mark.parametrize("figure", [loss_figure, accuracy_figure])
def test_many_epochs_are_no_band_of_markers(figure: Any) -> None:
    """Side by side they take as much of the width as forty do, but for the least size that can be seen."""
    for planned in (3, 15, 40, 100, 200):
        found = series(figure(MEASURED_TWICE, of(planned)))
        for trace in (found[MEASURED_CURVE], found["test"]):
            assert 3 <= trace.marker.size <= max(3, 7 * 40 / planned)
            assert trace.line.width <= trace.marker.size
    usual = series(figure(MEASURED_TWICE, of(15)))["test"]
    assert (usual.marker.size, usual.line.width) == (7, 2.5)


def test_the_number_of_the_last_epoch_has_room_below_the_axis() -> None:
    """Plotly leaves out one that would stick out: half of `200` does not fit into a margin."""
    for planned in (1, 15, 100, 200):
        for figure in all_curves(planned):
            assert figure.layout.xaxis.range[1] - planned >= max(0.3, planned / 60)


@pytest.mark.parametrize("figure", [loss_figure, accuracy_figure])
def test_a_run_that_is_not_measured_on_training_images_has_no_curve_of_them(figure: Any) -> None:
    assert set(series(figure(TRAINED, of(measure_training=False)))) == {"train", "test"}


def test_accuracy_has_the_same_lines_of_the_same_run() -> None:
    found = series(accuracy_figure(TRAINED, of(), PUBLISHED_3, whole=True))
    assert points(found["train"]) == [(10 / 20, 50.0), (20 / 20, 98.0), (30 / 20, 98.5)]
    assert points(found["test"]) == [(1, 98.2)]
    assert points(found["published test"]) == [(row.epoch, row.test_accuracy) for row in PUBLISHED_3]


@pytest.mark.parametrize("figure", [loss_figure, accuracy_figure])
def test_without_a_published_curve_none_is_drawn_or_named(figure: Any) -> None:
    assert set(series(figure(TRAINED, of()))) == {"train", MEASURED_CURVE, "test"}


@pytest.mark.parametrize("figure", [loss_figure, accuracy_figure])
def test_before_the_first_window_the_same_series_stand_there_empty(figure: Any) -> None:
    empty = figure(EMPTY, of(), PUBLISHED_3)
    assert [trace.name for trace in empty.data] == ["published test", "train", MEASURED_CURVE, "test"]
    assert all(points(series(empty)[name]) == [] for name in ("train", MEASURED_CURVE, "test"))


@pytest.mark.parametrize("figure", [loss_figure, accuracy_figure])
def test_a_run_on_held_out_images_has_a_validation_curve_and_none_called_its_test(figure: Any) -> None:
    found = figure(TRAINED, of(evaluate_on="validation"), PUBLISHED_3)
    assert set(series(found)) == {"train", MEASURED_CURVE, "validation", "published test"}
    assert found.layout.shapes == ()  # the target is about the test set


# --- axes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("planned", [1, 3, 15, 200])
def test_the_epoch_axis_spans_the_planned_run_from_the_start_on_every_chart(planned: int) -> None:
    for figure in all_curves(planned):
        first, last = figure.layout.xaxis.range
        assert first == 0
        assert planned < last < 1.02 * planned + 1
        assert figure.layout.xaxis.title.text == "epoch"


def test_axes_are_named() -> None:
    assert [figure.layout.yaxis.title.text for figure in all_curves()] == ["Loss", "Accuracy (%)", "Learning rate"]


def test_loss_and_accuracy_stand_side_by_side_at_one_height() -> None:
    loss, accuracy, _ = all_curves()
    assert loss.layout.height == accuracy.layout.height


def test_loss_is_logarithmic_and_shows_at_least_what_every_run_needs() -> None:
    figure = loss_figure(EMPTY, of())
    assert figure.layout.yaxis.type == "log"
    low, high = limits(figure)
    assert low == pytest.approx(0.01)
    assert high > math.log(10)  # an untrained network's loss fits on it: -log(1 / 10)
    assert limits(loss_figure(TRAINED, of())) == limits(figure)


def losing(*values: float) -> Timeline:
    return Timeline.of([started(), *(window(1, number, loss=loss) for number, loss in enumerate(values, start=1))])


def test_a_loss_of_zero_is_drawn_at_the_floor_and_one_that_is_no_number_is_a_gap() -> None:
    train = series(loss_figure(losing(0.1, 0.0, float("nan"), float("inf"), 0.1), of()))["train"]
    assert train.y == (0.1, LOSS_FLOOR, None, None, 0.1)
    assert f"{LOSS_FLOOR:.4f}" == "0.0000"  # as the hover says


def test_accuracy_is_close_where_the_steps_differ_and_shows_the_target_as_a_thin_line() -> None:
    for whole, shown in ((False, CLOSE_RANGE), (True, WHOLE_RANGE)):
        figure = accuracy_figure(TRAINED, of(), whole=whole)
        assert figure.layout.yaxis.range == shown
        (line,) = figure.layout.shapes
        assert (line.y0, line.y1) == (TARGET_ACCURACY, TARGET_ACCURACY)
        assert line.line.width == 1


def test_until_the_first_epoch_is_done_every_accuracy_is_on_the_chart_and_then_it_closes_in() -> None:
    begun = Timeline.of([started(), *WINDOWS[:2]])
    for timeline in (EMPTY, begun):
        assert accuracy_figure(timeline, of(), PUBLISHED_3).layout.yaxis.range == WHOLE_RANGE
    assert accuracy_figure(TRAINED, of(), PUBLISHED_3).layout.yaxis.range == CLOSE_RANGE
    assert points(series(accuracy_figure(TRAINED, of()))["train"])[0] == (10 / 20, 50.0)  # below, and not cut off


def test_a_network_that_guesses_is_seen_to_guess() -> None:
    guessing = Timeline.of([started(), window(1, 20, accuracy=10.0), epoch(1, 9.82, 10.0), epoch(2, 9.82, 10.0)])
    figure = accuracy_figure(guessing, of())
    assert figure.layout.yaxis.range == WHOLE_RANGE
    assert series(figure)["test"].y == (9.82, 9.82)


def timeline_of(told: Sequence[Epoch], windows: Sequence[Window]) -> Timeline:
    return Timeline.of([started(epochs=len(told) or 1), *windows, *told])


@st.composite
def any_windows(draw: st.DrawFn, most_epochs: int) -> list[Window]:
    count = draw(st.integers(0, 10 * most_epochs))
    told = draw(st.lists(st.tuples(losses, percentages), min_size=count, max_size=count))
    return [
        window(2 * (number - 1) // 20 + 1, 2 * number, loss=loss, accuracy=accuracy)
        for number, (loss, accuracy) in enumerate(told, start=1)
    ]


published = st.sampled_from([(), *(published_epochs(number) for number in range(1, 6))])


@given(st.one_of(st.just([]), any_epochs(4)), any_windows(4), published, st.booleans())
def test_every_point_but_those_of_the_first_epoch_lies_inside_its_axes(
    told: list[Epoch], windows: list[Window], published: tuple[PublishedEpoch, ...], whole: bool
) -> None:
    timeline = timeline_of(told, windows)
    assert inside(loss_figure(timeline, of(), published))
    accuracy = accuracy_figure(timeline, of(), published, whole)
    low, high = limits(accuracy)
    assert all(
        low <= y <= high or (x <= 1 and trace.name == "train" and told and not whole)
        for trace in accuracy.data
        for x, y in points(trace)
    )


@given(any_epochs(4), any_windows(4), st.booleans())
def test_nothing_is_left_out(told: list[Epoch], windows: list[Window], whole: bool) -> None:
    timeline = timeline_of(told, windows)
    found = series(accuracy_figure(timeline, of(), whole=whole))
    assert points(found["train"]) == [(timeline.position(one), one.accuracy) for one in windows]
    assert points(found["test"]) == [(one.epoch, one.test_accuracy) for one in told]


# --- redraws -----------------------------------------------------------------------------------------------------


def test_more_points_leave_the_zoom_alone_even_where_the_axis_changes() -> None:
    falling = Timeline.of([started(), window(1, 10, loss=0.0001, accuracy=20.0), epoch(1, 60.0)])
    for before, after in (
        (loss_figure(EMPTY, of()), loss_figure(falling, of())),
        (accuracy_figure(EMPTY, of()), accuracy_figure(falling, of())),
        (learning_rate_figure([(0, 0.1)], 15, 0), learning_rate_figure([(0, 0.1)], 15, 2)),
    ):
        assert before.layout.uirevision == after.layout.uirevision
        assert before.layout.uirevision  # plotly forgets the zoom at every redraw when it is empty


def test_showing_or_hiding_the_published_curve_leaves_the_zoom_alone() -> None:
    for figure in (loss_figure, accuracy_figure):
        assert figure(EMPTY, of()).layout.uirevision == figure(EMPTY, of(), PUBLISHED_3).layout.uirevision


def test_another_range_or_length_gives_up_the_zoom() -> None:
    close, whole = (accuracy_figure(EMPTY, of(), whole=whole) for whole in (False, True))
    assert close.layout.uirevision != whole.layout.uirevision
    for figure in (loss_figure, accuracy_figure):
        assert figure(EMPTY, of(15)).layout.uirevision != figure(EMPTY, of(3)).layout.uirevision


# --- learning rate -----------------------------------------------------------------------------------------------


def test_the_learning_rate_is_planned_dotted_and_drawn_thick_as_far_as_the_run_has_come() -> None:
    rates = [(0.0, 0.1), (1.0, 0.1), (1.0, 0.01), (2.0, 0.01)]
    figure = learning_rate_figure(rates, 2, reached=1.0)
    planned, done = series(figure)["planned"], series(figure)["so far"]
    assert points(planned) == rates
    assert points(done) == rates[:3]
    assert planned.line.color == done.line.color == RATE
    assert planned.line.dash == "dot"
    assert done.line.dash == "solid"
    assert done.line.width > planned.line.width
    lowest, highest = figure.layout.yaxis.range
    assert lowest == 0
    assert 0.1 < highest < 0.11  # all of the line, and no empty space above it


def test_a_plan_alone_has_no_part_that_was_run() -> None:
    assert points(series(learning_rate_figure([(0.0, 0.1), (1.0, 0.1)], 1))["so far"]) == []


def test_a_guess_is_a_band_that_the_axis_shows_whatever_the_run_does() -> None:
    figure = accuracy_figure(TRAINED, of(), PUBLISHED_3, guess=Guess(90, 95))
    target, band = figure.layout.shapes
    assert (band.y0, band.y1, target.y0) == (90, 95, TARGET_ACCURACY)
    assert figure.layout.yaxis.range == (90.0, 100.0)
    assert accuracy_figure(TRAINED, of(), PUBLISHED_3).layout.yaxis.range == (97.0, 100.0)
    assert [note.text for note in figure.layout.annotations] == ["your guess"]


def test_at_the_end_the_way_from_the_guess_to_the_result_is_drawn() -> None:
    """From 95 to 98.2 are +3.20 points; a result within the guess is no way."""
    ended = Timeline.of([started(epochs=1), epoch(1, 98.2)])
    _, _, way = accuracy_figure(ended, of(1), guess=Guess(90, 95)).layout.shapes
    assert (way.x0, way.x1, way.y0, way.y1) == (1, 1, 95, 98.2)
    notes = accuracy_figure(ended, of(1), guess=Guess(90, 95)).layout.annotations
    assert notes[1].text.strip() == "+3.20"
    assert len(accuracy_figure(ended, of(1), guess=Guess(98, 99)).layout.shapes) == 2
    assert len(accuracy_figure(ended, of(2), guess=Guess(90, 95)).layout.shapes) == 2  # it has an epoch to go


def test_on_how_many_images_a_curve_was_trained_is_said_where_they_differ() -> None:
    few = of(training_images=6_000)
    for figure in (accuracy_figure(TRAINED, few, PUBLISHED_3), loss_figure(TRAINED, few, PUBLISHED_3)):
        assert "published (60,000 images)" in series(figure)
    assert "published test" in series(accuracy_figure(TRAINED, of(), PUBLISHED_3))


def test_every_colour_of_a_run_reaches_three_to_one_on_the_ground_of_both_themes() -> None:
    assert [(colour, ground) for colour in SERIES for ground in GROUNDS if contrast(colour, ground) < 3] == []


def test_every_two_colours_of_runs_are_far_apart() -> None:
    assert [two for two in combinations(SERIES, 2) if distance(*two) < 40] == []


@pytest.mark.parametrize("eyes", [NO_RED, NO_GREEN])
def test_the_first_six_colours_of_runs_are_apart_without_red_and_without_green(eyes: Any) -> None:
    assert [two for two in combinations(SERIES[:6], 2) if distance_seen(*two, eyes) < 20] == []


def test_a_chart_says_what_it_shows() -> None:
    assert learning_rate_figure([(0, 0.1)], 1).layout.meta == "Learning rate by epoch"
