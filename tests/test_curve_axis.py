"""The upright axes of curves: close, wide enough for every point, and seldom another one."""

import math

import pytest
from hypothesis import given
from summaries import any_epochs, epoch, started, window

from lab.curve_axis import ACCURACY_STOPS, accuracy_axis, guess_floor, log_ticks, loss_axis, stop_below
from lab.events import Epoch
from lab.guess import GUESSES
from lab.timeline import Timeline


def losing(*values: float) -> Timeline:
    return Timeline.of([started(), *(window(1, number, loss=loss) for number, loss in enumerate(values, start=1))])


def ends(timeline: Timeline) -> tuple[float, float]:
    """Of the axis of its losses."""
    low, high = loss_axis(timeline, ())["range"]
    return 10**low, 10**high


def test_a_loss_below_or_above_the_usual_range_widens_the_axis_to_the_next_coarse_stop() -> None:
    assert ends(losing(1.0, 0.006))[0] == pytest.approx(0.005)
    assert ends(losing(1.0, 0.0031))[0] == pytest.approx(0.002)
    assert ends(losing(2.3, 40.0))[1] == pytest.approx(50)


def test_ticks_are_at_1_2_and_5_and_of_a_wide_range_at_powers_of_ten_else_they_would_stand_upon_each_other() -> None:
    assert log_ticks(0.01, 2.8) == pytest.approx([0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2])
    wide = log_ticks(0.02, 2e6)
    assert 3 <= len(wide) <= 8
    assert all(math.log10(tick) == pytest.approx(round(math.log10(tick))) for tick in wide)


def test_a_falling_loss_changes_the_axis_a_few_times_only() -> None:
    falling = [2.3 * 0.99**number for number in range(1000)]  # to 0.0001
    ranges = {ends(losing(*falling[:count])) for count in range(1, 1001, 5)}
    assert len(ranges) <= 8  # 0.01, 0.005, 0.002, 0.001 ... 0.00005


@given(any_epochs())
def test_the_accuracy_axis_knows_a_few_places_to_begin_only(told: list[Epoch]) -> None:
    low, high = accuracy_axis(Timeline.of([started(epochs=len(told)), *told]), ())["range"]
    assert low in (*ACCURACY_STOPS, 0.0)
    assert high in (100.0, 101.0)


def test_what_was_read_of_the_training_images_counts_for_the_axis_too() -> None:
    assert accuracy_axis(Timeline.of([started(), epoch(1, 98.0)]), ())["range"] == [97.0, 100.0]
    assert accuracy_axis(Timeline.of([started(), epoch(1, 98.0, measured=94.0)]), ())["range"] == [90.0, 100.0]


def test_what_is_no_number_moves_no_axis() -> None:
    assert stop_below([math.nan, 96.0], ACCURACY_STOPS) == 95.0
    assert stop_below([math.nan], ACCURACY_STOPS) == 97.0


def test_an_axis_that_shows_a_guess_begins_below_it() -> None:
    assert [guess_floor(guess) <= guess.high for guess in GUESSES] == [True] * len(GUESSES)
    assert [guess_floor(guess) for guess in GUESSES[-2:]] == [97.0, 97.0]
