"""Runs over each other: told apart at their ends, named there, and a group drawn as its mean among its seeds."""

import html
import math
from itertools import pairwise
from typing import Any

import pytest
from charts import checked, points
from hypothesis import given
from hypothesis import strategies as st
from summaries import any_epochs, epoch, epochs, seed_runs, summary

from lab import overlay
from lab.analysis import RunSummary
from lab.curve_axis import LOSS_FLOOR
from lab.curves import DASHES, SERIES
from lab.events import Epoch
from lab.groups import each, grouped
from lab.overlay import LABEL, MARK, spaced
from lab.overlay_axis import Line, close_range, left_out_words

groups_figure = checked(overlay.overlay_figure)


def overlay_figure(runs: list[RunSummary], what: str, **settings: Any) -> Any:
    return groups_figure(each(runs), what, **settings)


def test_overlaid_runs_have_a_name_a_colour_and_a_dash_each() -> None:
    runs = [summary(epochs(98.0 + number / 10), run=number) for number in range(6)]
    figure = overlay_figure(runs, "accuracy")
    assert [trace.name for trace in figure.data] == [f"run {number}: a run" for number in range(6)]
    assert len({trace.line.color for trace in figure.data}) == 6
    assert len({trace.line.dash for trace in figure.data}) == 6
    assert {trace.line.color for trace in figure.data} <= set(SERIES)


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


def test_many_epochs_of_an_overlay_are_no_band_of_markers() -> None:
    short, long = (overlay_figure([summary(epochs(*[98.0] * many))], "accuracy").data[0] for many in (15, 200))
    assert (short.marker.size, short.line.width) == (5, 2)
    assert (long.marker.size, long.line.width) == (3, 1.25)


def test_an_overlay_of_no_epochs_is_an_empty_chart() -> None:
    assert overlay_figure([], "accuracy").layout.xaxis.range == (0, 1.3)
    assert points(overlay_figure([summary()], "accuracy").data[0]) == []


def test_an_overlay_says_which_images_its_runs_were_evaluated_on() -> None:
    test, held_out = summary(epochs(99.0), run=1), summary(epochs(99.0), run=2, evaluate_on="validation")

    def label(*runs: Any) -> str:
        return str(overlay_figure(list(runs), "accuracy").layout.yaxis.title.text)

    assert [label(test), label(held_out)] == ["Test accuracy (%)", "Validation accuracy (%)"]
    assert label(test, held_out) == "Accuracy (%)"
    mixed = overlay_figure([test, held_out], "accuracy")
    assert [trace.name for trace in mixed.data] == ["run 1: a run (test)", "run 2: a run (validation)"]


@pytest.mark.parametrize("name", ["lr<b>0.1</b>", "$x$", "%{y}", "a<br>b", "&amp;", "5*5 vs 3*3"])
def test_a_runs_name_is_shown_as_typed(name: str) -> None:
    (trace,) = overlay_figure([summary(epochs(99.0), name=name)], "accuracy").data
    assert html.unescape(trace.name) == f"run 1: {name}"
    assert not set("<>$%") & set(trace.name)
    assert trace.hovertemplate == "%{y:.2f} %"  # with a template of its own, Plotly shows names whole


# --- how close ---------------------------------------------------------------------------------------------------


def test_five_close_runs_are_told_apart_in_half_of_the_height() -> None:
    runs = [summary(epochs(90.0, *[99.30 + number / 50] * 14), run=number) for number in range(5)]
    low, high = overlay_figure(runs, "accuracy").layout.yaxis.range
    assert (99.38 - 99.30) / (high - low) >= 0.35
    assert low < 99.30 and high > 99.38
    assert low > 90.0  # the first epoch is out of sight ...
    whole = overlay_figure(runs, "accuracy", whole=True)
    assert whole.layout.yaxis.range[0] < 90.0  # ... until all is asked for


def line(*heights: float, label: str = "run 1") -> Line:
    """In the unit of the axis, from epoch 1 on."""
    told = tuple((float(number), height) for number, height in enumerate(heights, start=1))
    return Line(label, told, told[-1])


def test_the_last_third_fills_half_of_the_height_and_the_rest_is_where_the_lines_come_from() -> None:
    climbing = line(*(90.0 + number for number in range(9)))  # the last third: epochs 7, 8, 9 at 96, 97, 98
    assert close_range([climbing], "accuracy") == pytest.approx((96 - 1.8, 98 + 0.2))
    falling = line(*(1.0 - number for number in range(9)))
    assert close_range([falling], "loss") == pytest.approx((-7 - 0.2, -5 + 1.8))


def test_each_lines_own_last_third_counts() -> None:
    """A run of three epochs beside one of fifteen."""
    low, high = close_range([line(*[99.1, 99.2, 99.3] * 5), line(90.0, 97.0, 98.09)], "accuracy")
    assert low < 98.09 and high > 99.3
    assert (99.3 - 98.09) / (high - low) == pytest.approx(0.5, abs=0.01)


def test_an_axis_shows_no_more_than_there_is() -> None:
    assert close_range([line(99.2, 99.2, 99.2)], "accuracy") == pytest.approx((99.14, 99.26))
    assert close_range([line(9.8), line(99.3)], "accuracy") == pytest.approx((9.8 - 8.95, 101))


wild = st.lists(any_epochs(most=8), min_size=1, max_size=4)


@given(wild, st.sampled_from(["accuracy", "loss"]), st.booleans())
def test_every_line_ends_inside_the_chart_or_is_said_not_to(told: list[list[Epoch]], what: str, whole: bool) -> None:
    runs = [summary(one, run=number) for number, one in enumerate(told)]
    figure = overlay_figure(runs, what, whole=whole)
    low, high = figure.layout.yaxis.range
    labels = {note.text: note for note in figure.layout.annotations}
    for trace in figure.data:
        inside = [math.log10(y) if what == "loss" else y for _, y in points(trace) if y is not None]
        label = trace.name.split(":")[0]
        assert (label in labels) == (bool(inside) and "outside" not in label)
        if label in labels:
            assert low - 1e-9 <= inside[-1] <= high + 1e-9
            assert labels[label].y == pytest.approx(inside[-1])
        elif inside:
            assert label.split(" (")[0].capitalize() in left_out_words(each(runs)) and not whole


@given(wild, st.booleans())
def test_no_axis_of_accuracy_goes_where_no_accuracy_can_be(told: list[list[Epoch]], whole: bool) -> None:
    runs = [summary(one, run=number) for number, one in enumerate(told)]
    low, high = overlay_figure(runs, "accuracy", whole=whole).layout.yaxis.range
    assert 0 <= low < high <= 101


def test_a_broken_run_does_not_squash_the_good_ones_and_is_named() -> None:
    good = [summary(epochs(98.0, 98.9 + number / 10), run=number) for number in range(3)]
    runs = [*good, summary(epochs(9.8, 9.8, 9.8), run=8)]
    figure = overlay_figure(runs, "accuracy")
    assert figure.layout.yaxis.range[0] > 98
    assert figure.data[-1].name == "run 8 (outside, at 9.80 &#37;): a run"
    assert left_out_words(each(runs)).startswith("Run 8 is outside the accuracy chart: its line ends at 9.80 %. The")
    assert left_out_words(each(good)) == left_out_words(each(runs[-2:])) == ""  # two are always shown
    assert "outside" not in overlay_figure(runs, "accuracy", whole=True).data[-1].name


@pytest.mark.parametrize("losses", [(2.3, 0.5, 0.03), (0.05, 0.03, 0.031), (2.3, 0.01, 1e-5)])
@pytest.mark.parametrize("whole", [True, False])
def test_every_tick_of_a_loss_is_a_whole_value(losses: tuple[float, ...], whole: bool) -> None:
    """On more than a power of ten Plotly would write only 2 and 5 between those, unless it is told the ticks."""
    runs = [summary([epoch(number, test_loss=loss) for number, loss in enumerate(losses, 1)])]
    axis = overlay_figure(runs, "loss", whole=whole).layout.yaxis
    low, high = axis.range
    if high - low >= 1:
        assert len(axis.tickvals) >= 3
        assert all(low <= math.log10(tick) <= high for tick in axis.tickvals)


# --- labels ------------------------------------------------------------------------------------------------------


def words(figure: Any) -> list[Any]:
    """The labels, without the marks before them."""
    return [note for note in figure.layout.annotations if note.text != "●"]


def test_every_line_ends_in_its_label_behind_a_mark_in_its_colour() -> None:
    """The label is in the page's colour of text: no colour of a line can be read on both grounds."""
    runs = [summary(epochs(98.0, 99.0), run=3), summary(epochs(98.0), run=5)]
    figure = overlay_figure(runs, "accuracy")
    told = [(note.text, note.x, note.y, note.font.color) for note in words(figure)]
    assert told == [("run 3", 2, 99.0, None), ("run 5", 1, 98.0, None)]
    marks = [(note.x, note.y, note.xshift, note.font.color) for note in figure.layout.annotations if note.text == "●"]
    assert marks == [(2, 99.0, MARK, SERIES[0]), (1, 98.0, MARK, SERIES[1])]
    assert figure.layout.margin.r > 7 * len("run 3")
    on_log = overlay_figure([summary([epoch(1, test_loss=0.01)])], "loss").layout.annotations[0]
    assert on_log.y == pytest.approx(-2)  # Plotly wants the power of ten there


@pytest.mark.parametrize("many", [2, 5, 8, 12])
@pytest.mark.parametrize("is_narrow", [True, False])
def test_labels_of_close_ends_do_not_cover_each_other_however_much_the_legend_takes(many: int, is_narrow: bool) -> None:
    """Measured: 279 pixels of 360 with one line of names, 18.6 less with each line more."""
    runs = [summary(epochs(90.0, *[99.2 + number / 100] * 14), run=number) for number in range(many)]
    figure = overlay_figure(runs, "accuracy")
    plot = figure.layout.height - 81 - (18.6 * (many - 1) if is_narrow else 0)
    low, high = figure.layout.yaxis.range
    places = [plot * (note.y - low) / (high - low) + note.yshift for note in words(figure)]
    assert all(upper - lower >= LABEL - 1e-6 for lower, upper in pairwise(sorted(places)))


def test_labels_of_close_losses_do_not_cover_each_other_on_the_whole_axis() -> None:
    runs = [
        summary([epoch(1, test_loss=0.5), epoch(2, test_loss=loss)], run=run) for run, loss in ((1, 0.030), (2, 0.031))
    ]
    figure = overlay_figure(runs, "loss", whole=True)
    low, high = figure.layout.yaxis.range
    assert low < math.log10(0.030) and high > math.log10(0.5)
    plot = figure.layout.height - 81 - 18.6
    places = [plot * (note.y - low) / (high - low) + note.yshift for note in words(figure)]
    assert abs(places[1] - places[0]) >= LABEL - 1e-6


def test_labels_of_equal_ends_do_not_cover_each_other() -> None:
    figure = overlay_figure([summary(epochs(99.0), run=number) for number in range(4)], "accuracy")
    shifts = sorted(note.yshift for note in words(figure))
    assert [later - earlier for earlier, later in pairwise(shifts)] == [LABEL] * 3
    assert sum(shifts) == pytest.approx(0)  # around where they would all stand


@given(st.lists(st.floats(-1000, 1000), max_size=12).map(sorted))
def test_labels_are_in_order_apart_and_moved_only_where_they_must_be(wanted: list[float]) -> None:
    placed = spaced(wanted)
    assert len(placed) == len(wanted)
    assert all(b - a >= LABEL - 1e-6 for a, b in pairwise(placed))
    if all(b - a >= LABEL for a, b in pairwise(wanted)):
        assert placed == wanted


# --- groups ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("many", [3, 8])
def test_no_label_is_moved_into_the_legend_above_the_chart(many: int) -> None:
    runs = [summary(epochs(90.0, 99.5), run=number) for number in range(many)]
    layout = overlay_figure(runs, "accuracy", whole=True).layout
    plot = overlay._PLOT - overlay.LEGEND_LINE * (min(many, overlay.ROOM) - 1)
    low, high = layout.yaxis.range
    places = sorted({plot * (note.y - low) / (high - low) + note.yshift for note in layout.annotations})
    assert places[-1] <= plot - LABEL / 2
    assert all(above - below >= LABEL - 1e-6 for below, above in pairwise(places))


def test_a_group_is_its_mean_in_a_band_with_its_seeds_faint() -> None:
    figure = groups_figure(grouped(seed_runs(5, 99.3, 99.4, 99.5)), "accuracy")
    band, *seeds, mean = figure.data
    assert [trace.showlegend for trace in (band, *seeds)] == [False] * 4
    assert [points(trace)[-1] for trace in seeds] == [(15, 99.3), (15, 99.4), (15, 99.5)]
    assert all(trace.opacity < 0.5 and trace.hoverinfo == "skip" for trace in (band, *seeds))
    assert points(mean)[-1] == pytest.approx((15, 99.4))
    assert points(band)[14] == pytest.approx((15, 99.5))  # the mean and one deviation of 0.1
    assert points(band)[15] == pytest.approx((15, 99.3))
    assert mean.name == "runs 5001, 5002, 5003: a run"
    assert {trace.line.color for trace in (*seeds, mean)} == {band.fillcolor} == {SERIES[0]}


def test_no_band_leaves_what_an_accuracy_or_a_loss_can_be() -> None:
    told = [[epoch(1, test, test_loss=loss)] for test, loss in ((100.0, 0.0), (99.0, 0.5))]
    (group,) = grouped([summary(one, run=seed, seed=seed) for seed, one in enumerate(told)])
    for what, limits in (("accuracy", (0, 100)), ("loss", (LOSS_FLOOR, math.inf))):
        band = groups_figure([group], what).data[0]
        assert all(limits[0] <= y <= limits[1] for _, y in points(band))


def test_a_seed_that_has_no_finite_loss_leaves_a_gap_in_its_groups_line_and_band() -> None:
    told = [[epoch(1, test_loss=0.1), epoch(2, test_loss=loss)] for loss in (0.2, math.inf)]
    (group,) = grouped([summary(one, run=seed, seed=seed) for seed, one in enumerate(told)])
    band, *_, mean = groups_figure([group], "loss").data
    assert [y for _, y in points(mean)] == [pytest.approx(0.1), None]
    assert [y is None for _, y in points(band)] == [False, True, True, False]


def test_runs_on_different_numbers_of_images_say_so() -> None:
    whole, part = (
        summary(epochs(99.0), run=1, name="whole"),
        summary(epochs(95.0), run=2, name="part", training_images=6_000),
    )
    names = [trace.name for trace in overlay_figure([whole, part], "accuracy").data]
    assert names == ["run 1: whole, 60,000 images", "run 2: part, 6,000 images"]


def test_what_a_name_says_already_is_not_said_again() -> None:
    full = summary(epochs(99.0), run=1, name="Step 3", evaluate_on="test")
    part = summary(epochs(95.0), run=2, name="Step 3, 6,000 images, seed 1", training_images=6_000)
    held_out = summary(epochs(95.0), run=3, name="Step 3, validation", evaluate_on="validation")
    names = [trace.name for trace in overlay_figure([full, part, held_out], "accuracy").data]
    assert names == [
        "run 1: Step 3, 60,000 images (test)",
        "run 2: Step 3, 6,000 images, seed 1 (test)",
        "run 3: Step 3, validation, 60,000 images",
    ]
