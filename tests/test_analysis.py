"""What rows mean: one uninterrupted story, where a run stands, the scorecard, the reading, and means over seeds."""

from collections.abc import Sequence
from typing import Any

import pytest

from lab.analysis import Check, gap, history, progress, reading, scorecard, summarize_seeds, wrong_images
from lab.steps import published_epochs

Row = dict[str, Any]
SMALL, LARGE = 9_426, 185_930


def started(first_epoch: int = 1, epochs: int = 3, steps: int = 20, batch: int = 100) -> Row:
    return {
        "event": "started",
        "first_epoch": first_epoch,
        "epochs": epochs,
        "steps_per_epoch": steps,
        "batch_size": batch,
    }


def window(epoch: int, step: int, speed: float = 1000.0) -> Row:
    return {"event": "window", "epoch": epoch, "step": step, "loss": 1.0, "images_per_second": speed}


def epoch(number: int, test: float = 99.0, train: float = 99.0, seconds: float = 8.0) -> Row:
    return {
        "event": "epoch",
        "epoch": number,
        "test_accuracy": test,
        "test_correct": round(100 * test),
        "train_accuracy": train,
        "seconds": seconds,
    }


def epochs(*tests: float, over: float = 0.0) -> list[Row]:
    """Epochs with these test accuracies, and training accuracies `over` points above them."""
    return [epoch(number, test, test + over) for number, test in enumerate(tests, start=1)]


def target(rows: Sequence[Row], planned: int) -> Check:
    """The line of the scorecard about the accuracy."""
    return scorecard(SMALL, rows, planned)[1]


# --- history -----------------------------------------------------------------------------------------------------


def test_a_run_that_has_said_nothing_has_an_empty_history() -> None:
    story = history([])
    assert (story.started, story.windows, story.epochs, story.ending) == (None, [], [], None)


def test_a_history_keeps_windows_epochs_and_the_ending_in_order() -> None:
    events = [started(), window(1, 10), window(1, 20), epoch(1), {"event": "stopped"}]
    story = history(events)
    assert story.started == events[0]
    assert [row["step"] for row in story.windows] == [10, 20]
    assert story.epochs == [events[3]]
    assert story.ending == {"event": "stopped"}


def test_a_window_stands_where_it_ended_on_the_epoch_axis() -> None:
    story = history([started(steps=20), window(1, 10), window(1, 20), window(2, 25)])
    assert [row["position"] for row in story.windows] == [10 / 20, 20 / 20, 25 / 20]


def test_the_rows_given_are_not_changed() -> None:
    rows = [started(), window(1, 10)]
    history(rows)
    assert rows == [started(), window(1, 10)]


def test_what_an_interrupted_attempt_left_of_its_last_epoch_is_dropped_when_the_run_goes_on() -> None:
    attempt = [started(), window(1, 20), epoch(1), window(2, 30), window(2, 39)]
    story = history([*attempt, started(first_epoch=2), window(2, 25)])
    assert [(row["epoch"], row["step"]) for row in story.windows] == [(1, 20), (2, 25)]
    assert [row["epoch"] for row in story.epochs] == [1]


def test_an_epoch_that_is_trained_again_is_told_once() -> None:
    story = history([started(), epoch(1), epoch(2, 50.0), started(first_epoch=2), epoch(2, 99.0)])
    assert [(row["epoch"], row["test_accuracy"]) for row in story.epochs] == [(1, 99.0), (2, 99.0)]


def test_a_resumed_run_has_not_ended() -> None:
    assert history([started(), {"event": "stopped"}, started()]).ending is None


@pytest.mark.parametrize("kind", ["finished", "stopped", "failed"])
def test_each_of_the_three_endings_ends_the_story(kind: str) -> None:
    assert history([started(), {"event": kind}]).ending == {"event": kind}


def test_pauses_leave_no_trace_in_the_curves() -> None:
    pauses = [started(), window(1, 10), {"event": "paused"}, {"event": "resumed"}, window(1, 20)]
    assert history(pauses) == history([started(), window(1, 10), window(1, 20)])


# --- progress ----------------------------------------------------------------------------------------------------


def test_a_run_that_has_not_started_has_no_progress() -> None:
    assert progress(history([])) is None


def test_a_run_that_has_just_started_is_at_the_beginning_of_epoch_1_and_cannot_tell_its_end() -> None:
    state = progress(history([started(epochs=3, steps=20)]))
    assert state is not None
    assert (state.epoch, state.batch, state.share) == (1, 0, 0)
    assert (state.epochs, state.batches) == (3, 20)
    assert state.images_per_second is None
    assert state.seconds_left is None


def test_in_the_first_epoch_the_time_left_comes_from_the_newest_window() -> None:
    state = progress(history([started(epochs=3, steps=20, batch=100), window(1, 5, 9.0), window(1, 10, 500.0)]))
    assert state is not None
    assert (state.epoch, state.batch) == (1, 10)
    assert state.share == 10 / (3 * 20)
    assert state.images_per_second == 500.0
    assert state.seconds_left == (3 * 20 - 10) * 100 / 500.0


def test_later_the_time_left_comes_from_the_last_three_epochs_with_their_evaluation() -> None:
    seconds = [100.0, 4.0, 6.0, 8.0]
    past = [epoch(number, seconds=value) for number, value in enumerate(seconds, start=1)]
    state = progress(history([started(epochs=6, steps=20), *past, window(5, 90)]))
    assert state is not None
    assert (state.epoch, state.batch) == (5, 90 - 4 * 20)
    assert state.seconds_left == (4 + 6 + 8) / 3 * (6 * 20 - 90) / 20


def test_a_resumed_run_goes_on_where_its_finished_epochs_end() -> None:
    state = progress(history([started(), window(1, 20), epoch(1), window(2, 39), started(first_epoch=2)]))
    assert state is not None
    assert (state.epoch, state.batch, state.share) == (2, 0, 20 / 60)


def test_a_finished_run_is_at_its_last_batch_with_no_time_left() -> None:
    rows = [window(3, 60), *epochs(99, 99, 99), {"event": "finished"}]
    state = progress(history([started(epochs=3, steps=20), *rows]))
    assert state is not None
    assert (state.epoch, state.batch, state.share, state.seconds_left) == (3, 20, 1, 0)


# --- figures of an epoch -----------------------------------------------------------------------------------------


def test_wrong_images_are_those_of_10_000_that_were_not_right() -> None:
    assert wrong_images(epoch(1, test=99.40)) == 10_000 - 9_940


def test_the_gap_is_training_minus_test_accuracy() -> None:
    assert gap(epoch(1, test=99.0, train=99.5)) == pytest.approx(0.5)
    assert gap(epoch(1, test=99.0, train=98.0)) == pytest.approx(-1.0)


# --- scorecard ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("parameters", "met"), [(9_999, True), (10_000, False), (SMALL, True), (LARGE, False)])
def test_fewer_than_10_000_parameters_are_known_before_training(parameters: int, met: bool) -> None:
    check = scorecard(parameters, [], 15)[0]
    assert check.met is met
    assert check.detail == f"{parameters:,}"


def test_the_target_is_met_when_each_of_the_last_three_epochs_reaches_99_40() -> None:
    check = target(epochs(98.0, 99.40, 99.41, 99.40), planned=4)
    assert check.met is True
    assert check.detail == "99.40, 99.41, 99.40 %"


@pytest.mark.parametrize("last", [(99.39, 99.5, 99.5), (99.5, 99.39, 99.5), (99.5, 99.5, 99.39)])
def test_one_of_the_last_three_epochs_below_99_40_misses_the_target(last: tuple[float, ...]) -> None:
    assert target(epochs(99.5, *last), planned=4).met is False


def test_the_target_is_open_while_epochs_are_missing() -> None:
    assert target([], planned=15).met is None
    assert target([], planned=15).detail == "no epoch yet"
    assert target(epochs(99.5, 99.5, 99.5), planned=15).met is None


# --- reading -----------------------------------------------------------------------------------------------------


def sentences(rows: Sequence[Row], parameters: int = SMALL) -> list[str]:
    return [finding.sentence for finding in reading(parameters, rows)]


def test_fewer_than_three_epochs_are_not_read() -> None:
    assert reading(SMALL, epochs(99.0, 99.0)) == []


def test_a_reading_says_overfitting_steadiness_and_target_each_with_its_rule() -> None:
    findings = reading(SMALL, epochs(99.0, 99.0, 99.0))
    assert len(findings) == 3
    assert "mean of the last 3 epochs" in findings[0].rule
    assert "Largest fall" in findings[1].rule
    assert "under 10,000" in findings[2].rule
    assert "99.40 %" in findings[2].rule


@pytest.mark.parametrize(
    ("over", "word"),
    [(0.40, "It overfits:"), (0.20, "overfits a little"), (0.05, "does not overfit"), (-1.0, "does not overfit")],
)
def test_a_gap_over_0_30_is_overfitting_and_over_0_10_a_little(over: float, word: str) -> None:
    first = reading(SMALL, epochs(99.0, 99.0, 99.0, over=over))[0]
    assert word in first.sentence
    assert f"{over:+.2f} points" in first.rule


def test_overfitting_is_read_from_the_last_three_epochs_only() -> None:
    rows = [epoch(1, 95.0, 100.0), *(epoch(number, 99.0, 99.0) for number in (2, 3, 4))]
    assert "does not overfit" in sentences(rows)[0]


@pytest.mark.parametrize(
    ("tests", "steady"),
    [
        ((98.0, 99.0, 99.5), True),  # it rises: no wobble
        ((99.1, 99.0, 99.1), True),  # exactly 0.10, whatever 99.1 - 99.0 is in binary
        ((99.0, 99.11, 99.0), False),
        ((99.2, 99.13, 99.06), False),  # 0.14 in two small falls
        ((99.5, 90.0, 99.0, 99.0, 99.0, 99.0), True),  # a fall in the first half
        ((90.0, 99.0, 99.5, 99.0, 99.0), False),  # the last three of five: half of them, rounded up
    ],
)
def test_a_run_is_steady_when_accuracy_falls_by_no_more_than_0_10_points_in_its_second_half(
    tests: tuple[float, ...], steady: bool
) -> None:
    assert ("steady" in sentences(epochs(*tests))[1]) is steady
    assert ("wobbles" in sentences(epochs(*tests))[1]) is not steady


@pytest.mark.parametrize(("number", "steady"), [(1, False), (2, False), (3, False), (4, False), (5, True)])
def test_the_rule_calls_published_runs_what_their_published_reading_calls_them(number: int, steady: bool) -> None:
    published = epochs(*(one.test_accuracy for one in published_epochs(number)))
    assert ("steady" in sentences(published)[1]) is steady


@pytest.mark.parametrize(
    ("parameters", "accuracy", "sentence"),
    [
        (SMALL, 99.5, "It meets the target."),
        (LARGE, 99.5, "It is accurate enough, but too large for the target."),
        (SMALL, 99.0, "It is small enough, but misses the accuracy of the target."),
        (LARGE, 99.0, "It misses the target, both in size and in accuracy."),
    ],
)
def test_the_target_is_read_by_size_and_by_accuracy(parameters: int, accuracy: float, sentence: str) -> None:
    last = reading(parameters, epochs(accuracy, accuracy, accuracy))[-1]
    assert last.sentence == sentence
    assert f"{parameters:,} parameters" in last.rule
    assert f"{accuracy:.2f} %" in last.rule


# --- several seeds -----------------------------------------------------------------------------------------------


def test_seeds_are_summarised_by_mean_and_sample_deviation_of_their_last_accuracy() -> None:
    runs = [(1, epochs(99.6, 99.0, over=0.5)), (2, epochs(99.0, 99.2, over=0.3)), (3, epochs(99.1, 99.4, over=0.1))]
    summary = summarize_seeds(runs)
    assert summary.seeds == (1, 2, 3)
    assert summary.finals == (99.0, 99.2, 99.4)
    assert summary.final_mean == pytest.approx((99.0 + 99.2 + 99.4) / 3)
    assert summary.final_spread == pytest.approx((((-0.2) ** 2 + 0 + 0.2**2) / (3 - 1)) ** 0.5)
    assert summary.best_mean == pytest.approx((99.6 + 99.2 + 99.4) / 3)
    assert summary.best_train_mean == pytest.approx((100.1 + 99.5 + 99.5) / 3)
    assert summary.epoch_seconds == 8.0


def test_one_seed_has_no_spread() -> None:
    assert summarize_seeds([(1, epochs(99.0))]).final_spread is None


def test_seeds_that_held_the_target_for_three_epochs_are_counted() -> None:
    held, late, slipped = epochs(99.0, 99.4, 99.4, 99.4), epochs(99.0, 99.4, 99.4), epochs(99.5, 99.5, 99.39)
    assert summarize_seeds([(1, held), (2, late), (3, slipped)]).held_target == 1


def test_two_epochs_cannot_have_held_the_target_for_three() -> None:
    assert summarize_seeds([(1, epochs(99.5, 99.5))]).held_target == 0
