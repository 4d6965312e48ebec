"""What the charts promise: each series its colour and dash, one epoch axis, and a zoom that a redraw leaves alone."""

import json
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from lab import figures
from lab.config import RunConfig
from lab.figures import (
    CLOSE_RANGE,
    DASHES,
    PUBLISHED,
    RATE,
    SERIES,
    TEST,
    TRAIN,
    WHOLE_RANGE,
    WIDER_RANGE,
    WRONG,
)
from lab.layers import Square
from lab.schedule import planned_learning_rates
from lab.steps import TARGET_ACCURACY, published_epochs, step

Row = dict[str, Any]


def checked(make: Any) -> Any:
    """Plotly's own objects refuse what Plotly does not know. What they translate, its script in the browser may not."""

    def made(*args: Any, **settings: Any) -> go.Figure:
        figure = make(*args, **settings)
        understood = go.Figure(figure)
        drawn = json.loads(understood.to_json())
        drawn["layout"].pop("template")
        assert drawn == json.loads(json.dumps(figure))
        return understood

    return made


accuracy_figure = checked(figures.accuracy_figure)
digits_figure = checked(figures.digits_figure)
learning_rate_figure = checked(figures.learning_rate_figure)
loss_figure = checked(figures.loss_figure)
map_figure = checked(figures.map_figure)
overlay_figure = checked(figures.overlay_figure)
picture_figure = checked(figures.picture_figure)
probability_figure = checked(figures.probability_figure)
steps_figure = checked(figures.steps_figure)

WINDOWS: list[Row] = [
    {"position": 0.5, "loss": 1.5, "accuracy": 50.0},
    {"position": 1.0, "loss": 0.8, "accuracy": 75.0},
    {"position": 1.5, "loss": 0.4, "accuracy": 88.0},
]
EPOCHS: list[Row] = [{"epoch": 1, "test_loss": 0.6, "test_accuracy": 80.0, "train_accuracy": 75.0}]
PUBLISHED_3 = published_epochs(3)


def series(figure: go.Figure) -> dict[str, Any]:
    """The traces by their names in the legend."""
    return {trace.name: trace for trace in figure.data}


def points(trace: Any) -> list[tuple[float, float]]:
    return list(zip(trace.x, trace.y, strict=True))


def curves(planned: int = 3, shown: tuple[float, float] = CLOSE_RANGE) -> list[go.Figure]:
    """Every chart with an epoch axis, of a run of `planned` epochs."""
    config = RunConfig(network=step(3).config.network, epochs=planned)
    return [
        loss_figure(WINDOWS, EPOCHS, planned, PUBLISHED_3),
        accuracy_figure(WINDOWS, EPOCHS, planned, PUBLISHED_3, shown),
        learning_rate_figure(planned_learning_rates(config), planned, 1.5),
    ]


# --- colours -----------------------------------------------------------------------------------------------------


def test_train_test_published_learning_rate_and_wrong_have_a_colour_each() -> None:
    assert len({TRAIN, TEST, PUBLISHED, RATE, WRONG}) == 5


@pytest.mark.parametrize(("figure", "key"), [(loss_figure, "loss"), (accuracy_figure, "accuracy")])
def test_train_is_a_line_by_window_test_a_marked_line_by_epoch_and_published_dotted(figure: Any, key: str) -> None:
    found = series(figure(WINDOWS, EPOCHS, 15, PUBLISHED_3))
    assert set(found) == {"train", "test", "published test"}
    train, test, published = found["train"], found["test"], found["published test"]
    assert points(train) == [(row["position"], row[key]) for row in WINDOWS]
    assert (train.line.color, train.mode) == (TRAIN, "lines")
    assert points(test) == [(1, EPOCHS[0][f"test_{key}"])]
    assert (test.line.color, test.mode) == (TEST, "lines+markers")  # visible from its first, single point on
    assert points(published) == [(row.epoch, getattr(row, f"test_{key}")) for row in PUBLISHED_3]
    assert (published.line.color, published.line.dash) == (PUBLISHED, "dot")
    assert train.line.dash is None  # solid: the published curve is told apart without its colour
    assert test.line.dash is None


@pytest.mark.parametrize("figure", [loss_figure, accuracy_figure])
def test_without_a_published_curve_none_is_drawn_or_named(figure: Any) -> None:
    assert set(series(figure(WINDOWS, EPOCHS, 15))) == {"train", "test"}


@pytest.mark.parametrize("figure", [loss_figure, accuracy_figure])
def test_before_the_first_window_the_same_series_stand_there_empty(figure: Any) -> None:
    empty = figure([], [], 15, PUBLISHED_3)
    assert [trace.name for trace in empty.data] == [
        trace.name for trace in figure(WINDOWS, EPOCHS, 15, PUBLISHED_3).data
    ]
    assert points(series(empty)["train"]) == points(series(empty)["test"]) == []


# --- axes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("planned", [1, 3, 15, 200])
def test_the_epoch_axis_spans_the_planned_run_from_the_start_on_every_chart(planned: int) -> None:
    for figure in curves(planned):
        first, last = figure.layout.xaxis.range
        assert first == 0
        assert planned < last < planned + 1
        assert figure.layout.xaxis.title.text == "epoch"


def test_axes_are_named() -> None:
    assert [figure.layout.yaxis.title.text for figure in curves()] == ["Loss", "Accuracy (%)", "Learning rate"]


def test_loss_and_accuracy_stand_side_by_side_at_one_height() -> None:
    loss, accuracy, _ = curves()
    assert loss.layout.height == accuracy.layout.height


def test_loss_is_logarithmic_within_fixed_limits() -> None:
    figure = loss_figure([], [], 15)
    assert figure.layout.yaxis.type == "log"
    low, high = (10**exponent for exponent in figure.layout.yaxis.range)
    assert low == pytest.approx(0.01)
    assert high > np.log(10)  # an untrained network's loss fits on it: -log(1 / 10)
    assert figure.layout.yaxis.range == loss_figure(WINDOWS, EPOCHS, 15).layout.yaxis.range


@pytest.mark.parametrize("shown", [CLOSE_RANGE, WIDER_RANGE, WHOLE_RANGE])
def test_accuracy_shows_the_range_asked_for_and_the_target_as_a_thin_line(shown: tuple[float, float]) -> None:
    figure = accuracy_figure(WINDOWS, EPOCHS, 15, shown=shown)
    assert figure.layout.yaxis.range == shown
    (line,) = figure.layout.shapes
    assert (line.y0, line.y1) == (TARGET_ACCURACY, TARGET_ACCURACY)
    assert line.line.width == 1
    assert shown[0] < TARGET_ACCURACY < shown[1]


def test_accuracy_is_at_first_zoomed_to_where_the_steps_differ() -> None:
    assert accuracy_figure([], [], 15).layout.yaxis.range == (97.0, 100.0)
    assert WHOLE_RANGE[0] == 0
    assert WHOLE_RANGE[1] >= 100


# --- redraws -----------------------------------------------------------------------------------------------------


def test_more_points_leave_the_zoom_alone() -> None:
    for before, after in zip(
        (loss_figure([], [], 15), accuracy_figure([], [], 15), learning_rate_figure([(0, 0.1)], 15, 0)),
        (
            loss_figure(WINDOWS, EPOCHS, 15),
            accuracy_figure(WINDOWS, EPOCHS, 15),
            learning_rate_figure([(0, 0.1)], 15, 2),
        ),
        strict=True,
    ):
        assert before.layout.uirevision == after.layout.uirevision
        assert before.layout.uirevision  # plotly forgets the zoom at every redraw when it is empty


def test_showing_or_hiding_the_published_curve_leaves_the_zoom_alone() -> None:
    for figure in (loss_figure, accuracy_figure):
        assert figure([], [], 15).layout.uirevision == figure([], [], 15, published=PUBLISHED_3).layout.uirevision


def test_another_range_or_length_gives_up_the_zoom() -> None:
    close, whole = (accuracy_figure([], [], 15, shown=shown) for shown in (CLOSE_RANGE, WHOLE_RANGE))
    assert close.layout.uirevision != whole.layout.uirevision
    for figure in (loss_figure, accuracy_figure):
        assert figure([], [], 15).layout.uirevision != figure([], [], 3).layout.uirevision


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


# --- several runs ------------------------------------------------------------------------------------------------


def run_of(*accuracies: float) -> list[Row]:
    return [
        {"epoch": number, "test_accuracy": value, "test_loss": 1 / value}
        for number, value in enumerate(accuracies, start=1)
    ]


def test_overlaid_runs_have_a_name_a_colour_and_a_dash_each() -> None:
    runs = [(f"{number}: a run", run_of(98.0 + number / 10)) for number in range(6)]
    figure = overlay_figure(runs, "test_accuracy", "Test accuracy (%)")
    assert [trace.name for trace in figure.data] == [name for name, _ in runs]
    assert len({trace.line.color for trace in figure.data}) == 6
    assert len({trace.line.dash for trace in figure.data}) == 6
    assert {trace.line.color for trace in figure.data} <= set(SERIES)


def test_more_runs_than_colours_are_still_told_apart() -> None:
    many = len(SERIES) + len(DASHES)
    figure = overlay_figure([(str(number), run_of(99.0)) for number in range(many)], "test_accuracy", "")
    assert len({(trace.line.color, trace.line.dash) for trace in figure.data}) == many


def test_an_overlay_spans_the_longest_run_and_draws_the_figure_asked_for() -> None:
    figure = overlay_figure([("a", run_of(98.0)), ("b", run_of(98.0, 99.0, 99.1))], "test_loss", "Test loss", log=True)
    assert points(figure.data[1]) == [(1, 1 / 98.0), (2, 1 / 99.0), (3, 1 / 99.1)]
    assert figure.layout.xaxis.range == (0, 3.3)
    assert figure.layout.yaxis.type == "log"
    assert figure.layout.yaxis.title.text == "Test loss"


def test_an_overlay_of_no_epochs_is_an_empty_chart() -> None:
    assert overlay_figure([], "test_accuracy", "").layout.xaxis.range == (0, 1.3)
    assert points(overlay_figure([("a", [])], "test_accuracy", "").data[0]) == []


def test_a_steps_own_runs_are_drawn_over_its_published_curve_and_told_apart_by_their_dash() -> None:
    own = [(7, run_of(98.0, 99.0, 99.2)), (5, run_of(98.0, 99.1, 99.3))]
    found = series(steps_figure(PUBLISHED_3, own))
    assert list(found) == ["published test", "yours, run 7", "yours, run 5"]
    assert points(found["yours, run 7"]) == [(1, 98.0), (2, 99.0), (3, 99.2)]
    assert found["yours, run 7"].line.color == found["yours, run 5"].line.color == TEST
    assert found["yours, run 7"].line.dash != found["yours, run 5"].line.dash
    assert found["published test"].line.dash == "dot"


def test_a_steps_chart_spans_15_epochs_or_the_longest_run() -> None:
    assert steps_figure(PUBLISHED_3, [(1, run_of(99.0))]).layout.xaxis.range == (0, 15.3)
    assert steps_figure((), [(1, run_of(*[99.0] * 20))]).layout.xaxis.range == (0, 20.3)


@pytest.mark.parametrize("number", range(1, 7))
def test_a_steps_chart_shows_every_published_accuracy_from_the_third_epoch_on(number: int) -> None:
    published = published_epochs(number)
    low, high = steps_figure(published, []).layout.yaxis.range
    assert all(low < epoch.test_accuracy < high for epoch in published[2:])
    assert low < TARGET_ACCURACY < high


def test_a_weak_run_of_ones_own_stays_on_a_steps_chart() -> None:
    low, _ = steps_figure(PUBLISHED_3, [(1, run_of(20.0, 80.0, 90.0, 91.0))]).layout.yaxis.range
    assert low < 90.0


# --- pictures ----------------------------------------------------------------------------------------------------


def test_probabilities_are_ten_labelled_bars_and_the_answer_stands_out() -> None:
    probabilities = [0.01] * 9 + [0.91]
    (bars,) = probability_figure(probabilities).data
    assert bars.y == tuple("0123456789")
    assert bars.x == pytest.approx([1.0] * 9 + [91.0])
    assert bars.text == ("1.0 %",) * 9 + ("91.0 %",)
    assert bars.marker.color == (PUBLISHED,) * 9 + (TEST,)


def test_the_bars_keep_their_scale_whatever_the_answer() -> None:
    sure, unsure = probability_figure([1.0] + [0.0] * 9), probability_figure([0.1] * 10)
    assert sure.layout.xaxis.range == unsure.layout.xaxis.range
    assert sure.layout.xaxis.range[1] > 100


def test_a_picture_is_drawn_from_the_top_with_white_ink_on_a_fixed_scale() -> None:
    image = np.zeros((28, 28))
    image[3, 5] = 1.0
    figure = picture_figure(image)
    (pixels,) = figure.data
    assert np.array_equal(pixels.z, image)
    assert (pixels.zmin, pixels.zmax) == (0, 1)
    assert pixels.colorscale == ((0, "rgb(0, 0, 0)"), (1, "rgb(255, 255, 255)"))
    assert figure.layout.yaxis.range[0] > figure.layout.yaxis.range[1]  # row 0 at the top
    assert figure.layout.shapes == ()


def test_the_square_lies_around_exactly_its_pixels() -> None:
    (frame,) = picture_figure(np.zeros((28, 28)), Square(top=2, left=5, bottom=7, right=12)).layout.shapes
    # pixel i covers i - 0.5 to i + 0.5
    assert (frame.y0, frame.y1) == (2 - 0.5, 6 + 0.5)
    assert (frame.x0, frame.x1) == (5 - 0.5, 11 + 0.5)


def test_a_map_has_a_point_a_unit_and_marks_the_chosen_one() -> None:
    (units,) = map_figure(4, row=1, column=2).data
    assert points(units) == [(column, row) for row in range(4) for column in range(4)]
    marked = [place for place, colour in zip(points(units), units.marker.color, strict=True) if colour == TEST]
    assert marked == [(2, 1)]


def test_digits_stand_in_one_row_with_a_gap_after_each() -> None:
    images = np.stack([np.full((28, 28), value) for value in (0.2, 0.6, 1.0)])
    (strip,) = digits_figure(images).data
    z = np.asarray(strip.z, dtype=float)
    assert z.shape == (28, 3 * (28 + 2))
    for number, value in enumerate((0.2, 0.6, 1.0)):
        assert (z[:, 30 * number : 30 * number + 28] == value).all()
        assert np.isnan(z[:, 30 * number + 28 : 30 * number + 30]).all()
