"""A run's events in order, as one uninterrupted timeline, and where the run stands."""

import pytest
from summaries import epoch, epochs, started, window

from lab.events import Event, Failed, Finished, Paused, Resumed, Stopped
from lab.timeline import Timeline, progress

# --- timeline ----------------------------------------------------------------------------------------------------


def test_a_run_that_has_said_nothing_has_an_empty_hitimeline() -> None:
    timeline = Timeline.of([])
    assert (timeline.started, timeline.windows, timeline.epochs, timeline.ending) == (None, [], [], None)


def test_a_hitimeline_keeps_windows_epochs_and_the_ending_in_order() -> None:
    events = [started(), window(1, 10), window(1, 20), epoch(1), Stopped()]
    timeline = Timeline.of(events)
    assert timeline.started == events[0]
    assert [row.iteration for row in timeline.windows] == [10, 20]
    assert timeline.epochs == [events[3]]
    assert timeline.ending == Stopped()


def test_a_window_stands_where_it_ended_on_the_epoch_axis() -> None:
    timeline = Timeline.of([started(iterations=20), window(1, 10), window(1, 20), window(2, 25)])
    assert [timeline.position(row) for row in timeline.windows] == [10 / 20, 20 / 20, 25 / 20]


def test_the_rows_given_are_not_changed() -> None:
    rows = [started(), window(1, 10)]
    Timeline.of(rows)
    assert rows == [started(), window(1, 10)]


def test_what_an_interrupted_attempt_left_of_its_last_epoch_is_dropped_when_the_run_goes_on() -> None:
    attempt = [started(), window(1, 20), epoch(1), window(2, 30), window(2, 39)]
    timeline = Timeline.of([*attempt, started(first_epoch=2), window(2, 25)])
    assert [(row.epoch, row.iteration) for row in timeline.windows] == [(1, 20), (2, 25)]
    assert [row.epoch for row in timeline.epochs] == [1]


def test_an_epoch_that_is_trained_again_is_told_once() -> None:
    timeline = Timeline.of([started(), epoch(1), epoch(2, 50.0), started(first_epoch=2), epoch(2, 99.0)])
    assert [(row.epoch, row.test_accuracy) for row in timeline.epochs] == [(1, 99.0), (2, 99.0)]


def test_a_resumed_run_has_not_ended() -> None:
    assert Timeline.of([started(), Stopped(), started()]).ending is None


@pytest.mark.parametrize("ending", [Finished(), Stopped(), Failed(reason="a reason")])
def test_each_of_the_three_endings_ends_the_timeline(ending: Event) -> None:
    assert Timeline.of([started(), ending]).ending == ending


def test_pauses_leave_no_trace_in_the_curves() -> None:
    pauses = [started(), window(1, 10), Paused(), Resumed(), window(1, 20)]
    assert Timeline.of(pauses) == Timeline.of([started(), window(1, 10), window(1, 20)])


# --- progress ----------------------------------------------------------------------------------------------------


def test_a_run_that_has_not_started_has_no_progress() -> None:
    assert progress(Timeline.of([])) is None


def test_a_run_that_has_just_started_is_at_the_beginning_of_epoch_1_and_cannot_tell_its_end() -> None:
    state = progress(Timeline.of([started(epochs=3, iterations=20)]))
    assert state is not None
    assert (state.epoch, state.batch, state.share) == (1, 0, 0)
    assert (state.epochs, state.batches) == (3, 20)
    assert state.images_per_second is None
    assert state.seconds_left is None


def test_in_the_first_epoch_the_time_left_comes_from_the_newest_window() -> None:
    state = progress(
        Timeline.of([started(epochs=3, iterations=20, batch=100), window(1, 5, 9.0), window(1, 10, 500.0)])
    )
    assert state is not None
    assert (state.epoch, state.batch) == (1, 10)
    assert state.share == 10 / (3 * 20)
    assert state.images_per_second == 500.0
    assert state.seconds_left == (3 * 20 - 10) * 100 / 500.0


def test_later_the_time_left_comes_from_the_last_three_epochs_with_their_evaluation() -> None:
    seconds = [100.0, 4.0, 6.0, 8.0]
    past = [epoch(number, seconds=value) for number, value in enumerate(seconds, start=1)]
    state = progress(Timeline.of([started(epochs=6, iterations=20), *past, window(5, 90)]))
    assert state is not None
    assert (state.epoch, state.batch) == (5, 90 - 4 * 20)
    assert state.seconds_left == (4 + 6 + 8) / 3 * (6 * 20 - 90) / 20


def test_a_resumed_run_goes_on_where_its_finished_epochs_end() -> None:
    state = progress(Timeline.of([started(), window(1, 20), epoch(1), window(2, 39), started(first_epoch=2)]))
    assert state is not None
    assert (state.epoch, state.batch, state.share) == (2, 0, 20 / 60)


def test_a_finished_run_is_at_its_last_batch_with_no_time_left() -> None:
    rows = [window(3, 60), *epochs(99, 99, 99), Finished()]
    state = progress(Timeline.of([started(epochs=3, iterations=20), *rows]))
    assert state is not None
    assert (state.epoch, state.batch, state.share, state.seconds_left) == (3, 20, 1, 0)
