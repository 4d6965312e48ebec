"""One summary of a run, and one rule of what may stand beside what."""

from dataclasses import replace
from typing import Any

import pytest
from summaries import epoch, epochs, sample, summary

from lab.analysis import Terms, gap, summarize, training_augmented, training_evaluated, wrong_images
from lab.config import RunConfig
from lab.events import Measured, Started
from lab.steps import step
from lab.store import ENDED, Run, Store

RUN = Run(
    id=7,
    uuid="7",
    name="lr<b>0.1</b>",
    config=step(5).config,
    status="running",
    command="run",
    reason="",
    hardware="a CPU, 2 threads, compiled engine",
    device="cpu",
    worker="me",
    claim=1,
    created=1000.0,
    started=1060.0,
    ended=None,
    resumable=False,
)


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


# --- what may stand beside what ----------------------------------------------------------------------------------


def terms(config: RunConfig, hardware: str = "a CPU, compiled engine") -> Terms:
    found = summarize(replace(RUN, config=config, hardware=hardware)).terms
    assert found is not None
    return found


def test_seed_and_machine_make_no_other_terms() -> None:
    config = step(5).config
    other = replace(config, seed=9, device="cuda")
    assert terms(config) == terms(other, "another CPU, 8 threads, compiled engine")


@pytest.mark.parametrize(
    "changes",
    [{"precision": "bfloat16"}, {"training_images": 59_999}, {"evaluate_on": "validation"}, {"epochs": 14}],
    ids=lambda changes: next(iter(changes)),
)
def test_precision_images_evaluation_set_and_epochs_make_other_terms(changes: dict[str, object]) -> None:
    changed = replace(step(5).config, **changes)  # type: ignore[arg-type]
    assert terms(step(5).config) != terms(changed)


def test_another_engine_makes_other_terms_as_the_run_said_and_not_as_it_was_asked() -> None:
    config = step(5).config
    found = [terms(config, f"a CPU, {engine}") for engine in ("compiled engine", "folded engine", "1 thread")]
    assert [one.engine for one in found] == ["compiled", "folded", ""]
    assert len(set(found)) == 3
    assert [one.computed for one in found] == ["float32, compiled engine", "float32, folded engine", "float32"]


def test_the_engine_is_read_as_the_store_writes_it(store: Store) -> None:
    run_id = store.submit(step(5).config)
    claim = store.claim(run_id, "me", "cpu")
    assert claim is not None
    facts = {"device": "cpu", "device_name": "a CPU, 1 thread", "engine": "folded", "parameters": 1}
    claim.append(Started(**facts, first_epoch=1, epochs=15, iterations_per_epoch=938, batch_size=64))  # type: ignore[arg-type]
    found = summarize(store.run(run_id)).terms
    assert found is not None
    assert found.engine == "folded"


def test_a_recipe_of_ones_own_stands_beside_nothing() -> None:
    found = summary(base=replace(step(5).config, batch_size=128))
    assert found.terms is None
    assert not found.as_published


def test_a_fork_stands_beside_nothing_since_its_first_epochs_had_another_recipe() -> None:
    found = replace(summary(), parent_epoch=1)
    assert summary().as_published
    assert found.terms is None
    assert not found.as_published


@pytest.mark.parametrize(("device", "on_gpu"), [(None, False), ("cpu", False), ("cuda", True), ("mps", True)])
def test_a_gpu_is_a_device_that_is_there_and_no_cpu(device: str | None, on_gpu: bool) -> None:
    assert replace(summary(), device=device).on_gpu is on_gpu


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


@pytest.mark.parametrize(
    ("changes", "beside"),
    [
        ({"seed": 9}, True),
        ({"precision": "bfloat16"}, True),
        ({"engine": "pytorch"}, True),
        ({"training_images": 59_999}, False),
        ({"evaluate_on": "validation"}, False),
        ({"epochs": 14}, False),
        ({"epochs": 30}, False),
    ],
)
def test_beside_the_published_stand_runs_of_the_same_epochs_all_images_and_the_test_set(
    changes: dict[str, Any], beside: bool
) -> None:
    assert summary(**changes).as_published is beside
