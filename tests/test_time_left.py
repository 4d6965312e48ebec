"""The time left: not said before there is something to rest it on, and never moved by much from then on."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from summaries import epoch, started, window

from lab.config import RunConfig
from lab.events import Epoch, Event, Paused, Resumed, Window
from lab.steps import step
from lab.time_left import STEADY_SECONDS, TimeLeft

EPOCHS, ITERATIONS, BATCH = 5, 1000, 100
CONFIG = replace(step(5).config, epochs=EPOCHS, batch_size=BATCH, measure_training=False)
BEGIN = started(epochs=EPOCHS, iterations=ITERATIONS, batch=BATCH)


def training(speeds: Sequence[float], evaluation: float = 2.0, windows: int = 20) -> Iterator[Event]:
    """A run whose windows have these speeds, in images a second, one after another; epochs end where they do."""
    yield BEGIN
    taken, iterations = 0.0, ITERATIONS // windows
    for number, speed in enumerate(speeds, start=1):
        yield window((number - 1) // windows + 1, number * iterations, speed)
        taken += iterations * BATCH / speed
        if number % windows == 0:
            yield epoch(number // windows, seconds=taken + evaluation)
            taken = 0.0


def said(events: Iterator[Event]) -> list[tuple[Event, float | None]]:
    """Each event, and what is said after it."""
    left, found = TimeLeft(CONFIG), []
    for event in events:
        left.hear(event)
        found.append((event, left.seconds))
    return found


def seconds_left(config: RunConfig, events: Iterable[Event]) -> float | None:
    """What is said of a run after all these events."""
    left = TimeLeft(config)
    for event in events:
        left.hear(event)
    return left.seconds


def test_a_run_that_has_not_begun_says_nothing() -> None:
    assert seconds_left(CONFIG, []) is None
    assert seconds_left(CONFIG, [BEGIN]) is None


def test_nothing_is_said_before_five_seconds_of_training() -> None:
    heard = said(training([5000.0] * 8))  # a window is 50 x 100 images: a second
    assert [seconds is None for event, seconds in heard if isinstance(event, Window)] == [True] * 4 + [False] * 4


def test_nothing_is_said_while_the_speed_still_changes() -> None:
    slow_start = [1000.0, 5000.0, 5000.0, 5000.0, 5000.0, 5000.0]  # 5 s, and then a second each
    heard = [seconds for event, seconds in said(training(slow_start)) if isinstance(event, Window)]
    assert [seconds is None for seconds in heard] == [True] * 5 + [False]


@pytest.mark.parametrize(("earlier", "is_steady"), [(1500.0, False), (1700.0, True)])
def test_a_speed_is_steady_that_grows_by_less_than_a_fifth(earlier: float, is_steady: bool) -> None:
    left = seconds_left(CONFIG, training([earlier, 2000.0]))  # each is half of more than five seconds
    assert (left is not None) == is_steady


@pytest.mark.parametrize(("earlier", "is_steady"), [(4000.0, False), (4350.0, True)])
def test_it_is_the_later_half_of_the_time_that_is_held_against_the_earlier_one(earlier: float, is_steady: bool) -> None:
    """Three windows, of more than three of the more than five seconds, then two of a second. The last alone is to all
    before it as 1.19 to 1, with 4,000 too."""
    left = seconds_left(CONFIG, training([earlier] * 3 + [5000.0] * 2))
    assert (left is not None) == is_steady


def test_where_a_window_takes_longer_than_that_two_of_them_are_enough() -> None:
    slow = said(training([500.0] * 4))  # ten seconds each
    assert [seconds is None for event, seconds in slow if isinstance(event, Window)] == [True, False, False, False]


def test_it_is_what_is_left_at_this_speed_and_the_evaluations() -> None:
    # 100 iterations a second; 14 windows of 50 iterations are done, so 300 of this epoch are left and 4000 after it;
    # and 5 evaluations of 10,000 images, each a third as long as training on them would take
    seconds = seconds_left(CONFIG, training([10_000.0] * 14, windows=20))
    assert seconds == pytest.approx((300 + 4000) / 100 + EPOCHS * 10_000 / (3 * 10_000.0))


def test_before_the_first_evaluation_two_readings_are_expected_to_take_twice_as_long_as_one() -> None:
    twice = replace(CONFIG, network=replace(CONFIG.network, second_reading=True))
    seconds = seconds_left(twice, training([10_000.0] * 14, windows=20))
    assert seconds == pytest.approx((300 + 4000) / 100 + 2 * EPOCHS * 10_000 / (3 * 10_000.0))


def test_once_there_is_an_evaluation_it_says_how_long_the_next_ones_take() -> None:
    seconds = seconds_left(CONFIG, training([10_000.0] * 40, evaluation=4.0))
    expected = 3000 / 100 + 3 * 4.0
    assert seconds is not None
    assert seconds == pytest.approx(expected, rel=0.05)  # the first guess of an evaluation was less, and is corrected


def test_a_last_batch_of_few_images_is_not_taken_for_a_whole_one() -> None:
    config = replace(CONFIG, batch_size=1000, training_images=10_001)
    begin = started(epochs=EPOCHS, iterations=11, batch=1000)
    windows = [window(1, number, 1000.0) for number in range(1, 11)]  # a second each
    last = window(1, 11, 2.0)  # half a second for one image
    seconds = seconds_left(config, [begin, *windows, last, epoch(1, seconds=10.5 + 2.0)])
    assert seconds == pytest.approx((EPOCHS - 1) * 12.5, rel=0.1)


def test_a_finished_run_has_nothing_left() -> None:
    assert seconds_left(CONFIG, training([10_000.0] * 100)) == 0


def test_a_pause_changes_nothing() -> None:
    told = list(training([10_000.0] * 14))
    assert seconds_left(CONFIG, [*told[:9], Paused(), Resumed(), *told[9:]]) == seconds_left(CONFIG, told)


@pytest.mark.parametrize("iteration", [0, 700, 699])
def test_a_window_that_goes_no_further_tells_no_speed_and_changes_nothing(iteration: int) -> None:
    told = list(training([10_000.0] * 14))
    assert seconds_left(CONFIG, [*told, window(1, iteration)]) == seconds_left(CONFIG, told)
    assert seconds_left(CONFIG, [BEGIN, window(1, 0), *told[1:]]) == seconds_left(CONFIG, told)


def test_a_resumed_run_begins_to_measure_anew() -> None:
    first = list(training([10_000.0] * 20))
    resumed = started(first_epoch=2, epochs=EPOCHS, iterations=ITERATIONS, batch=BATCH)
    assert seconds_left(CONFIG, [*first, resumed]) is None
    again = [window(2, 1000 + 50 * number, 2500.0) for number in (1, 2, 3)]  # 2 s each, at a quarter of the speed
    assert seconds_left(CONFIG, [*first, resumed, *again]) == pytest.approx(
        (850 + 3000) / 25 + 4 * 10_000 / (3 * 2500.0)
    )


def moves(heard: list[tuple[Event, float | None]]) -> Iterator[tuple[float, float]]:
    """What was said, beside what it would have come down to from what was said before."""
    before: float | None = None
    for event, seconds in heard:
        if before is not None and seconds is not None:
            if isinstance(event, Window):
                yield seconds, before - 50 * BATCH / event.images_per_second
            if isinstance(event, Epoch) and event.epoch < EPOCHS:
                yield seconds, before - 2.0
        before = seconds


@given(st.lists(st.floats(2000, 20_000), min_size=20, max_size=100))
def test_what_was_said_never_moves_by_more_than_a_quarter_whatever_the_speed_does(speeds: list[float]) -> None:
    for seconds, expected in moves(said(training(speeds))):
        if expected > 1:
            assert expected / 1.25 - 1e-6 <= seconds <= expected * 1.25 + 1e-6


@pytest.mark.parametrize("factor", [0.25, 4.0])
def test_a_machine_that_becomes_slower_or_faster_for_good_is_believed_soon(factor: float) -> None:
    speeds = [5000.0] * 20 + [5000.0 * factor] * 40
    heard = [seconds for event, seconds in said(training(speeds)) if isinstance(event, Window)]
    truth = 2000 / (50 * factor) + 3 * 2.0  # the third epoch is still to be evaluated
    assert heard[-1] == pytest.approx(truth, rel=0.1)


def test_a_run_that_takes_longer_than_all_that_was_left_says_so() -> None:
    told = list(training([5000.0] * 99))
    last = window(EPOCHS, EPOCHS * ITERATIONS - 25, 10.0)  # 250 s for half a window
    assert (seconds_left(CONFIG, [*told, last]) or 0) > STEADY_SECONDS


SPEED = 1000.0
"""Images a second; an epoch of 60 iterations of 100 images takes 6 seconds."""


def three_epochs() -> list[Event]:
    """Three epochs up to the last evaluation; each of the others took 2 seconds."""
    story: list[Event] = [started(epochs=3, iterations=60, batch=100)]
    for number in (1, 2, 3):
        story += [window(number, 60 * (number - 1) + 10 * part, speed=SPEED) for part in range(1, 7)]
        story.append(epoch(number, seconds=8.0))
    return story[:-1]


@pytest.mark.parametrize(
    ("measured", "last"),
    [
        ({"measure_training": False}, 2.0),
        # 10,000 images and 6,000 training images take 2 seconds; in the end those are read as they are and changed
        ({"measure_training": True}, 2.0 * (10_000 + 2 * 6_000) / (10_000 + 6_000)),
    ],
)
def test_the_last_evaluation_takes_longer_where_all_training_images_are_read(
    measured: dict[str, bool], last: float
) -> None:
    config: RunConfig = replace(step(5).config, epochs=3, training_images=6_000, **measured)  # type: ignore[arg-type]
    assert seconds_left(config, three_epochs()) == pytest.approx(last)
    assert seconds_left(config, [*three_epochs(), epoch(3)]) == 0
