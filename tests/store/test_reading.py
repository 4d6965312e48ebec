"""What comes back of a run: its events as they were said, its checkpoints, its status."""

from dataclasses import replace

import pytest
from claiming import say
from examples import tiny_run
from stories import STARTED, WINDOW, epoch, running

from lab.events import Event, Failed, Finished, Measured, Paused, Resumed, Stopped
from lab.store import ENDED, Store, StoreError, StoreUnavailable


def test_events_after_a_cursor_are_the_newer_ones_in_order(store: Store) -> None:
    run_id = running(store, STARTED, WINDOW)
    first = store.events_after(run_id)
    assert [kept.event.kind for kept in first] == ["started", "window"]
    assert store.events_after(run_id, first[-1].id) == []
    say(store, run_id, epoch(1))
    [row] = store.events_after(run_id, first[-1].id)
    assert row.event.kind == "epoch"
    assert [kept.id for kept in store.events_after(run_id)] == [*(old.id for old in first), row.id]


def test_an_event_comes_back_as_it_was_said_with_its_time(store: Store) -> None:
    run_id = running(store, WINDOW)
    [row] = store.events_after(run_id)
    assert row.event == WINDOW
    assert store.run(run_id).created <= row.time


def test_two_readers_do_not_take_events_from_each_other(store: Store) -> None:
    run_id = running(store, STARTED, WINDOW, Finished())
    assert store.events_after(run_id) == Store(store.url).events_after(run_id) == store.events_after(run_id)


def test_the_events_of_other_runs_are_not_seen(store: Store) -> None:
    first = running(store, STARTED, Finished())
    second = running(store, WINDOW)
    assert [kept.event.kind for kept in store.events_after(first)] == ["started", "finished"]
    assert [kept.event.kind for kept in store.events_after(second)] == ["window"]


def test_epochs_of_several_runs_come_in_one_answer(store: Store) -> None:
    first = running(store, STARTED, WINDOW, epoch(1, 9100), epoch(2, 9200), Finished())
    second = running(store, STARTED, epoch(1, 9300))
    waiting = store.submit(tiny_run())
    found = store.epochs([second, first, waiting])
    assert {run: [one.test_correct for one in rows] for run, rows in found.items()} == {
        first: [9100, 9200],
        second: [9300],
        waiting: [],
    }
    assert store.epochs([]) == {}


def test_every_epoch_is_kept_and_the_optimiser_state_of_the_last(store: Store) -> None:
    run_id = running(store, STARTED, epoch(1), epoch(2), epoch(3))
    assert store.checkpoint_epochs(run_id) == [1, 2, 3]
    last = store.checkpoint(run_id)
    assert (last.epoch, last.weights, last.predictions) == (3, b"weights 3", bytes([3, 7]))
    assert last.optimizer_state == b"state 3"
    assert store.checkpoint(run_id, 2).weights == b"weights 2"
    assert store.checkpoint(run_id, 2).optimizer_state is None


def test_an_epoch_that_was_not_finished_has_no_checkpoint(store: Store) -> None:
    run_id = running(store, STARTED)
    with pytest.raises(StoreError, match=f"Run {run_id} has no finished epoch yet"):
        store.checkpoint(run_id)
    say(store, run_id, epoch(1))
    with pytest.raises(StoreError, match=f"Run {run_id} has no checkpoint of epoch 2"):
        store.checkpoint(run_id, 2)


def test_of_a_run_that_has_ended_no_epoch_is_said_to_come_yet(store: Store) -> None:
    run_id = running(store, STARTED, Stopped())
    with pytest.raises(StoreError, match=f"Run {run_id} was stopped, and no epoch of it is kept"):
        store.checkpoint(run_id)


@pytest.mark.parametrize(
    ("events", "status", "reason"),
    [
        ((STARTED,), "running", ""),
        ((STARTED, Paused()), "paused", ""),
        ((STARTED, Paused(), Resumed()), "running", ""),
        ((STARTED, WINDOW, epoch(1)), "running", ""),
        ((STARTED, Finished()), "finished", ""),
        ((STARTED, Stopped()), "stopped", ""),
        ((Failed(reason="no memory"),), "failed", "no memory"),
    ],
)
def test_the_status_follows_from_the_last_event(
    store: Store, events: tuple[Event, ...], status: str, reason: str
) -> None:
    run = store.run(running(store, *events))
    assert (run.status, run.reason) == (status, reason)
    assert (run.ended is not None) == (status in ENDED)
    assert (run.hardware == "a CPU, PyTorch engine") == (STARTED in events)


def test_follow_tells_what_is_said_from_now_on_and_ends_with_the_run(store: Store) -> None:
    run_id = running(store, STARTED)
    following = store.follow(run_id, poll_seconds=0.0)
    for event in (WINDOW, epoch(1), Finished()):
        say(store, run_id, event)
    assert [kept.event.kind for kept in following] == ["window", "epoch", "finished"]


def test_following_waits_for_a_store_that_does_not_answer(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = running(store, STARTED)
    following = store.follow(run_id, poll_seconds=0.0)
    say(store, run_id, Finished())
    active, asked = Store.active, []

    def away_at_first(self: Store) -> object:
        asked.append(self)
        if len(asked) < 3:
            raise StoreUnavailable("The database did not answer.")
        return active(self)

    monkeypatch.setattr(Store, "active", away_at_first)
    assert [kept.event.kind for kept in following] == ["finished"]


def test_following_an_ended_run_ends_at_once(store: Store) -> None:
    assert list(store.follow(running(store, STARTED, Finished()))) == []


def test_following_a_deleted_run_says_so(store: Store) -> None:
    run_id = running(store, STARTED)
    following = store.follow(run_id, poll_seconds=0.0)
    store.delete(run_id)
    with pytest.raises(StoreError, match=f"There is no run {run_id}"):
        next(following)


def test_what_an_epoch_measured_comes_back_with_it(store: Store) -> None:
    measured = (
        Measured(images=10_000, augmented=False, loss=0.02, correct=9_940),
        Measured(images=60_000, augmented=True, loss=0.03, correct=59_601),
    )
    run_id = running(store, STARTED, epoch(1), replace(epoch(2), measured=measured))
    assert [found.measured for found in store.epochs([run_id])[run_id]] == [(), measured]
    assert store.events_after(run_id)[-1].row()["measured"][1]["correct"] == 59_601


def test_a_run_keeps_the_commit_of_the_code_that_trained_it(store: Store) -> None:
    run_id = running(store, replace(STARTED, code_commit="0123456789ab"), epoch(1), Finished())
    assert store.run(run_id).code_commit == "0123456789ab"
    assert store.run(running(store, STARTED)).code_commit == ""


@pytest.mark.parametrize(
    ("attempts", "kept"),
    [
        ([(1, "a"), (1, "b")], "b"),  # no epoch was finished: the second begins anew
        ([(1, "a"), (2, "a"), (3, "a")], "a"),
        ([(1, "a"), (2, "b"), (3, "b")], "a, b"),
        ([(1, "a"), (2, "b"), (3, "a")], "a, b, a"),
        ([(1, ""), (2, "b")], "unknown, b"),
        ([(1, "a"), (2, ""), (3, "")], "a, unknown"),
        ([(1, ""), (2, "")], ""),
    ],
)
def test_a_run_that_other_code_went_on_with_says_so(store: Store, attempts: list[tuple[int, str]], kept: str) -> None:
    told = [replace(STARTED, first_epoch=first, code_commit=commit) for first, commit in attempts]
    assert store.run(running(store, *told)).code_commit == kept
