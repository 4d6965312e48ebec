"""Runs in the store: queued, commanded, renamed, deleted, and listed for all who look."""

from dataclasses import replace
from typing import get_args

import pytest
from claiming import beat, place_in_the_queue, say
from examples import tiny_run
from stories import ME, STARTED, epoch, running

from lab.events import Event, Failed, Finished, Paused, Stopped
from lab.naming import describe_run
from lab.steps import step
from lab.store import ENDED, LIVE, Status, Store, StoreError


def test_a_submitted_run_is_queued_with_its_config(store: Store) -> None:
    config = tiny_run(seed=7)
    run = store.run(store.submit(config))
    assert (run.status, run.command, run.config, run.started, run.ended) == ("queued", "run", config, None, None)
    assert run.name == describe_run(config)
    assert run.step is None


def test_a_run_of_a_preset_is_named_after_it(store: Store) -> None:
    run = store.run(store.submit(replace(step(3).config, seed=2)))
    assert (run.name, run.step) == ("Step 3, batch norm and dropout, seed 2", 3)
    assert store.run(store.submit(step(3).config, name="mine")).name == "mine"


def test_runs_are_listed_newest_first(store: Store) -> None:
    ids = [store.submit(tiny_run(seed=seed)) for seed in range(3)]
    assert [run.id for run in store.runs()] == ids[::-1]


def test_a_run_that_does_not_exist_is_named(store: Store) -> None:
    with pytest.raises(StoreError, match=r"There is no run 5"):
        store.run(5)


def test_two_stores_on_one_file_see_each_others_writes(store: Store) -> None:
    other = Store(store.url)
    run_id = running(store, STARTED)
    assert other.run(run_id).status == "running"
    assert [kept.event.kind for kept in other.events_after(run_id)] == ["started"]
    other.send(run_id, "pause")
    assert beat(store, run_id) == "pause"
    say(store, run_id, epoch(1))
    assert other.checkpoint(run_id).weights == b"weights 1"


def test_a_run_is_renamed(store: Store) -> None:
    run_id = store.submit(tiny_run())
    store.rename(run_id, "  the good one ")
    assert store.run(run_id).name == "the good one"
    store.rename(run_id, "pasted\tfrom\x1b a table")  # no store would take the run over with such a name
    assert store.run(run_id).name == "pasted from  a table"
    store.rename(run_id, "x" * 500)
    assert store.run(run_id).name == "x" * 120
    with pytest.raises(StoreError, match="at least one character"):
        store.rename(run_id, "   ")
    assert store.run(run_id).name == "x" * 120


def test_a_deleted_run_leaves_nothing_behind_and_its_number_is_not_given_again(store: Store) -> None:
    kept, gone = running(store, STARTED, epoch(1), Finished()), store.submit(tiny_run())
    store.delete(gone)
    store.delete(kept)
    assert store.runs() == []
    assert store.events_after(kept) == []
    assert store.checkpoint_epochs(kept) == []
    assert store.submit(tiny_run()) > gone


def test_deleting_one_run_leaves_the_others(store: Store) -> None:
    first = running(store, STARTED, epoch(1), Finished())
    second = running(store, STARTED, epoch(1), Finished())
    store.delete(first)
    assert [run.id for run in store.runs()] == [second]
    assert len(store.events_after(second)) == 3
    assert store.checkpoint_epochs(second) == [1]


def test_a_queued_run_that_is_stopped_never_starts(store: Store) -> None:
    run_id = store.submit(tiny_run())
    store.send(run_id, "stop")
    assert store.run(run_id).status == "stopped"
    assert not store.claim(run_id, ME, "cpu")


def test_a_command_reaches_the_worker_at_its_next_beat(store: Store) -> None:
    run_id = running(store, STARTED)
    assert beat(store, run_id) == "run"
    for command in ("pause", "run", "stop"):
        store.send(run_id, command)
        assert beat(store, run_id) == command
    assert store.run(run_id).status == "running"  # until the worker says that it has stopped


def test_the_place_in_the_queue_counts_the_queued_runs_before(store: Store) -> None:
    ids = [store.submit(tiny_run(seed=seed)) for seed in range(4)]
    assert [place_in_the_queue(store, run_id) for run_id in ids] == [0, 1, 2, 3]
    store.claim(ids[0], ME, "cpu")
    store.send(ids[1], "stop")
    assert [place_in_the_queue(store, run_id) for run_id in ids[2:]] == [0, 1]


@pytest.mark.parametrize("ending", [Stopped(), Failed(reason="no memory")])
def test_an_unfinished_run_can_be_queued_again(store: Store, ending: Event) -> None:
    run_id = running(store, STARTED, epoch(1), ending)
    store.send(run_id, "stop")
    store.requeue(run_id)
    run = store.run(run_id)
    assert (run.status, run.command, run.reason, run.ended, run.worker) == ("queued", "run", "", None, None)
    assert store.checkpoint_epochs(run_id) == [1]
    assert store.claim(run_id, ME, "cpu")


@pytest.mark.parametrize("events", [None, (STARTED,), (STARTED, Paused()), (STARTED, Finished())])
def test_a_queued_live_or_finished_run_cannot_be_queued_again(store: Store, events: tuple[Event, ...] | None) -> None:
    run_id = store.submit(tiny_run()) if events is None else running(store, *events)
    before = store.run(run_id)
    with pytest.raises(StoreError, match=f"Run {run_id} cannot be resumed: only a stopped, failed or interrupted run"):
        store.requeue(run_id)
    assert store.run(run_id) == before


def test_every_status_is_queued_live_or_ended() -> None:
    assert {"queued", *LIVE, *ENDED} == set(get_args(Status))


def test_the_epochs_of_all_runs_are_those_of_each(store: Store) -> None:
    runs = [running(store, STARTED, *map(epoch, range(1, many + 1)), Stopped()) for many in (2, 0, 11)]
    assert store.checkpoint_epochs_of_all() == {runs[0]: [1, 2], runs[2]: list(range(1, 12))}
    assert store.checkpoint_epochs_of_all() == {run: kept for run in runs if (kept := store.checkpoint_epochs(run))}
