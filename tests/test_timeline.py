"""A run's events in order, as one uninterrupted timeline, and where the run stands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from summaries import epoch, epochs, started, window

from lab.events import Event, Failed, Finished, Paused, Resumed, Stopped
from lab.timeline import Timeline, progress

# --- timeline ----------------------------------------------------------------------------------------------------


SAID = st.one_of(
    st.builds(started, st.integers(1, 3)),
    st.builds(window, st.integers(1, 3), st.integers(1, 60)),
    st.builds(epoch, st.integers(1, 3)),
    st.sampled_from([Paused(), Resumed(), Finished(), Stopped(), Failed(reason="a reason")]),
)


@given(st.lists(SAID), st.integers(0))
def test_a_timeline_that_goes_on_is_that_of_all_events(events: list[Event], known: int) -> None:
    begun = Timeline.of(events[:known])
    assert begun.after(events[known:]) == Timeline.of(events)
    assert begun == Timeline.of(events[:known])  # who still looks at it sees what it was


def test_a_run_that_is_stopped_in_a_pause_is_no_longer_paused() -> None:
    assert Timeline.of([started(), Paused()]).paused
    assert not Timeline.of([started(), Paused(), Stopped()]).paused


def test_a_run_that_has_said_nothing_has_an_empty_timeline() -> None:
    timeline = Timeline.of([])
    assert (timeline.started, timeline.windows, timeline.epochs, timeline.ending) == (None, [], [], None)


def test_a_timeline_keeps_windows_epochs_and_the_ending_in_order() -> None:
    events = [started(), window(1, 10), window(1, 20), epoch(1), Stopped()]
    timeline = Timeline.of(events)
    assert timeline.started == events[0]
    assert [row.iteration for row in timeline.windows] == [10, 20]
    assert timeline.epochs == [events[3]]
    assert timeline.ending == Stopped()


def test_a_window_stands_where_it_ended_on_the_epoch_axis() -> None:
    timeline = Timeline.of([started(iterations=20), window(1, 10), window(1, 20), window(2, 25)])
    assert [timeline.position(row) for row in timeline.windows] == [10 / 20, 20 / 20, 25 / 20]


def test_a_window_of_a_run_that_did_not_say_how_it_began_stands_at_the_end_of_its_epoch() -> None:
    timeline = Timeline.of([window(1, 0), window(2, 40)])
    assert [timeline.position(row) for row in timeline.windows] == [1, 2]


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


def test_a_run_that_has_just_started_is_at_the_beginning_of_epoch_1() -> None:
    state = progress(Timeline.of([started(epochs=3, iterations=20)]))
    assert state is not None
    assert (state.epoch, state.batch, state.share) == (1, 0, 0)
    assert (state.epochs, state.batches) == (3, 20)
    assert state.images_per_second is None


def test_in_an_epoch_it_is_where_the_newest_window_ended_and_as_fast() -> None:
    state = progress(Timeline.of([started(epochs=3, iterations=20), window(1, 5, 9.0), window(1, 10, 500.0)]))
    assert state is not None
    assert (state.epoch, state.batch, state.share, state.testing) == (1, 10, 10 / (3 * 20), False)
    assert state.images_per_second == 500.0


def test_from_an_epochs_last_batch_to_its_figures_it_is_being_tested() -> None:
    told = [started(epochs=3, iterations=20), window(1, 20), epoch(1), window(2, 40)]
    tested = [progress(Timeline.of(told[:count])) for count in (2, 3, 4)]
    assert [(state.epoch, state.batch, state.testing) for state in tested if state] == [
        (1, 20, True),
        (2, 0, False),
        (2, 20, True),
    ]


def test_a_resumed_run_goes_on_where_its_finished_epochs_end() -> None:
    state = progress(Timeline.of([started(), window(1, 20), epoch(1), window(2, 39), started(first_epoch=2)]))
    assert state is not None
    assert (state.epoch, state.batch, state.share) == (2, 0, 20 / 60)


def test_a_run_whose_windows_were_not_kept_is_where_its_finished_epochs_end() -> None:
    state = progress(Timeline.of([started(epochs=3, iterations=20), *epochs(99, 99)]))
    assert state is not None
    assert (state.epoch, state.batch, state.share) == (3, 0, 40 / 60)


def test_a_finished_run_is_at_its_last_batch() -> None:
    rows = [window(3, 60), *epochs(99, 99, 99), Finished()]
    state = progress(Timeline.of([started(epochs=3, iterations=20), *rows]))
    assert state is not None
    assert (state.epoch, state.batch, state.share, state.testing) == (3, 20, 1, False)
