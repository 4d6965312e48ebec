"""One summary of a run, and the figures of its epochs."""

from dataclasses import replace

import pytest
from summaries import RUN, epoch, epochs, sample, summary

from lab.analysis import gap, summarize, training_augmented, training_evaluated, wrong_images
from lab.events import Measured
from lab.store import ENDED

# --- the summary -------------------------------------------------------------------------------------------------


def test_a_summary_is_the_stores_snapshot_with_its_epochs() -> None:
    told = epochs(98.0, 99.0)
    found = summarize(RUN, told)
    assert (found.run, found.name, found.step, found.status) == (7, "lr<b>0.1</b>", 5, "running")
    assert found.epochs == tuple(told)
    assert (found.parameters, found.evaluated, found.training_seconds) == (9_426, "test", 16.0)


def test_queued_started_and_ended_are_three_times() -> None:
    found = summarize(replace(RUN, ended=1100.0))
    assert (found.queued, found.started, found.ended) == (1000.0, 1060.0, 1100.0)
    assert summarize(replace(RUN, status="queued", started=None)).started is None


def test_the_best_epoch_is_the_first_of_the_highest_and_the_last_is_the_newest() -> None:
    found = summarize(RUN, epochs(98.0, 99.0, 99.0, 98.5))
    assert found.best is not None
    assert found.last is not None
    assert (found.best.epoch, found.last.epoch) == (2, 4)
    assert summarize(RUN).best is summarize(RUN).last is None


def test_an_epoch_that_was_trained_again_counts_once_as_it_last_was() -> None:
    found = summarize(RUN, [epoch(1, 98.0), epoch(2, 50.0), epoch(2, 99.0)])
    assert [(one.epoch, one.test_accuracy) for one in found.epochs] == [(1, 98.0), (2, 99.0)]


@pytest.mark.parametrize(
    ("status", "done", "complete"),
    [("finished", 15, True), ("stopped", 15, False), ("running", 15, False), ("finished", 14, False)],
)
def test_a_run_is_complete_when_it_has_finished_with_all_its_epochs(status: str, done: int, complete: bool) -> None:
    assert summary(epochs(*[99.0] * done), status, epochs=15).complete is complete


@pytest.mark.parametrize(
    ("status", "is_over"),
    [*((live, False) for live in ("queued", "running", "paused")), *((ended, True) for ended in ENDED)],
)
def test_a_run_is_over_once_it_has_ended_in_whichever_way(status: str, is_over: bool) -> None:
    assert summary(epochs(99.0), status, epochs=15).is_over is is_over


def test_the_row_of_a_summary_is_plain_and_says_when_it_was_queued_begun_and_ended() -> None:
    row = summarize(RUN, epochs(98.0, 99.0)).row()
    about = ["run", "name", "step", "status", "reason", "seed", "device", "hardware", "code_commit", "evaluate_on"]
    assert list(row)[:11] == [*about[:9], "forked_after_epoch", *about[9:]]
    assert (row["epochs_done"], row["epochs_planned"]) == (2, 15)
    assert (row["last_test_accuracy"], row["best_test_accuracy"], row["training_seconds"]) == (99.0, 99.0, 16.0)
    assert row["created"] < row["started"]
    assert row["ended"] is None


def test_a_row_before_the_first_epoch_has_no_accuracies() -> None:
    row = summarize(replace(RUN, status="queued", started=None)).row()
    assert (row["last_test_accuracy"], row["best_test_accuracy"], row["started"]) == (None, None, None)


def test_a_run_on_held_out_images_says_so() -> None:
    found = summary(epochs(99.0), evaluate_on="validation")
    assert found.evaluated == found.row()["evaluate_on"] == "validation"


# --- figures of an epoch -----------------------------------------------------------------------------------------


def test_wrong_images_are_those_of_10_000_that_were_not_right() -> None:
    assert wrong_images(epoch(1, test=99.40)) == 10_000 - 9_940


def test_the_gap_is_training_minus_evaluation_accuracy_both_measured_alike() -> None:
    assert gap(epoch(1, test=99.0, measured=99.5)) == pytest.approx(0.5)
    assert gap(epoch(1, test=99.0, measured=98.0)) == pytest.approx(-1.0)


def test_the_accuracy_while_training_makes_no_gap() -> None:
    assert gap(epoch(1, test=99.0, train=100.0)) is None
    assert gap(replace(epoch(1, test=99.0), measured=(AUGMENTED,))) is None
    assert gap(None) is None


WHOLE = Measured(images=60_000, augmented=False, loss=0.02, correct=59_700)
AUGMENTED = Measured(images=60_000, augmented=True, loss=0.03, correct=59_601)


def test_of_what_was_measured_as_the_test_is_the_most_images_count() -> None:
    last = replace(epoch(1, test=99.0), measured=(sample(99.4), WHOLE, AUGMENTED))
    assert training_evaluated(last) == WHOLE
    assert training_augmented(last) == AUGMENTED
    assert gap(last) == pytest.approx(0.5)  # 59,700 of 60,000 are 99.50 %
    assert training_evaluated(epoch(1)) is training_augmented(epoch(1)) is None


def test_a_row_tells_the_training_accuracies_that_may_be_compared() -> None:
    row = summary([replace(epoch(1, test=99.0), measured=(sample(99.4), WHOLE, AUGMENTED))]).row()
    told = [row[f"last_train_accuracy_{how}"] for how in ("evaluated", "augmented")]
    assert told == pytest.approx([99.5, 99.335])
    assert row["train_minus_test"] == pytest.approx(0.5)
    row = summary([epoch(1)]).row()
    assert row["last_train_accuracy_evaluated"] is row["last_train_accuracy_augmented"] is None
    assert row["train_minus_test"] is None


@pytest.mark.parametrize(
    ("last", "held"),
    [
        ((99.40, 99.40, 99.40), True),
        ((99.39, 99.5, 99.5), False),
        ((99.0, 99.4, 99.4, 99.4), True),
        ((99.5, 99.5), False),
    ],
)
def test_the_target_is_held_where_each_of_the_last_three_epochs_reaches_it(last: tuple[float, ...], held: bool) -> None:
    assert summary(epochs(*last)).held_target is held
