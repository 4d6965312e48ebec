"""Paused runs: they leave their device to others, and go on in turn where they were."""

import itertools
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from claiming import claimed, place_in_the_queue, say
from examples import tiny_run, wait_until
from stories import STARTED, running
from workers import EVERYTHING, LONG, StartWorker, kinds, until_status, what_was_learnt

from lab import attempt, jobs
from lab.attempt import Attempt
from lab.config import RunConfig
from lab.control import Control
from lab.events import Event, Paused, Window
from lab.jobs import Worker
from lab.mnist import Mnist
from lab.store import ENDED, Claim, Store, worker_name
from lab.training import train


def paused_at(store: Store, monkeypatch: pytest.MonkeyPatch, iteration: int) -> None:
    """Have the first run that says a window at `iteration` be told to pause then; all are asked at every iteration."""
    told: list[int] = []

    def train_and_pause(config: RunConfig, data: Mnist, control: Control, *others: Any) -> Iterator[Event]:
        for event in train(config, data, control, *others):
            yield event
            if isinstance(event, Window) and event.iteration == iteration and not told:
                told.append(iteration)
                store.send(next(run.id for run in store.runs() if run.status == "running"), "pause")

    monkeypatch.setattr(attempt, "COMMAND_POLL_SECONDS", 0.0)
    monkeypatch.setattr(jobs, "train", train_and_pause)


def test_a_paused_run_leaves_its_device_to_others_and_goes_on_where_it_was(
    store: Store, start_worker: StartWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the middle of an epoch; with dropout, augmentation and an optimiser that remembers."""
    whole = store.submit(EVERYTHING)
    start_worker()
    until_status(store, whole, "finished")
    paused_at(store, monkeypatch, iteration=5)  # of 9
    paused, other = store.submit(EVERYTHING), store.submit(EVERYTHING)
    until_status(store, other, "finished")
    assert store.run(paused).status == "paused"
    assert what_was_learnt(store, other) == what_was_learnt(store, whole)
    assert kinds(store, paused)[-1] == "paused"
    store.send(paused, "run")
    until_status(store, paused, "finished")
    assert what_was_learnt(store, paused) == what_was_learnt(store, whole)
    assert [kind for kind in kinds(store, paused) if kind not in ("paused", "resumed")] == kinds(store, whole)


def test_paused_runs_that_go_on_have_their_turns_in_order(store: Store, start_worker: StartWorker) -> None:
    """As they were told to, after those that waited already."""
    ids = [store.submit(LONG) for _ in range(3)]
    start_worker()
    for run_id in ids:
        until_status(store, run_id, "running")
        store.send(run_id, "pause")
        until_status(store, run_id, "paused")
    live, waiting = store.submit(LONG), store.submit(LONG)
    until_status(store, live, "running")
    for run_id in reversed(ids):
        store.send(run_id, "run")
    order = [waiting, *reversed(ids)]
    assert [place_in_the_queue(store, run_id) for run_id in order] == [0, 1, 2, 3]
    for ended, begun in itertools.pairwise([live, *order]):
        store.send(ended, "stop")
        until_status(store, begun, "running")
        assert [run.id for run in store.active() if run.status == "running"] == [begun]


def test_a_free_device_is_left_to_the_paused_run_of_another_process_whose_turn_it_is(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "OTHERS_TURN_SECONDS", 3600.0)
    paused = running(store, STARTED, Paused(), worker=f"{worker_name()}:other")
    store.send(paused, "run")
    waiting, worker = store.submit(tiny_run()), Worker(store, "cpu")
    assert [worker._next(), worker._next()] == [None, None]
    assert (store.run(paused).status, store.run(waiting).status) == ("paused", "queued")


def test_paused_runs_of_others_that_do_not_go_on_leave_the_device_in_the_end(
    store: Store, few: Mnist, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many they are: their processes may be stopped themselves."""
    monkeypatch.setattr(jobs, "OTHERS_TURN_SECONDS", 0.01)
    for number in (1, 2):
        run_id = store.submit(tiny_run())
        claimed(store, run_id, f"{worker_name()}:other {number}")
        say(store, run_id, STARTED, Paused())
        store.send(run_id, "run")
    waiting, worker, taken = store.submit(tiny_run()), Worker(store, "cpu"), list[Attempt]()

    def takes_one() -> bool:
        found = worker._next()
        taken.extend([found] if found else [])
        return bool(taken)

    try:
        wait_until(takes_one, seconds=20)
        assert taken[0].claim.run_id == waiting
    finally:
        for one in taken:
            one.close("The test is over.")


def test_a_paused_run_is_stopped_or_deleted_while_another_trains(store: Store, start_worker: StartWorker) -> None:
    stopped, deleted, other = (store.submit(LONG) for _ in range(3))
    start_worker()
    for run_id in (stopped, deleted):
        until_status(store, run_id, "running")
        store.send(run_id, "pause")
        until_status(store, run_id, "paused")
    until_status(store, other, "running")
    hearts = [f"lab-heartbeat-{run_id}" for run_id in (stopped, deleted)]
    assert set(hearts) <= {thread.name for thread in threading.enumerate()}
    store.send(stopped, "stop")
    store.delete(deleted)
    assert until_status(store, stopped, *ENDED) < 1
    assert store.run(stopped).status == "stopped"
    assert kinds(store, stopped)[-2:] == ["paused", "stopped"]
    wait_until(lambda: not set(hearts) & {thread.name for thread in threading.enumerate()})
    assert store.run(other).status == "running"


def test_a_run_paused_again_before_it_went_on_gives_its_device_up_again(
    store: Store, start_worker: StartWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = Claim.go_on

    def and_paused_just_then(claim: Claim) -> bool:
        answer = go_on(claim)
        store.send(claim.run_id, "pause")
        return answer

    paused = store.submit(LONG)
    store.send(paused, "pause")
    start_worker()
    until_status(store, paused, "paused")
    monkeypatch.setattr(Claim, "go_on", and_paused_just_then)
    store.send(paused, "run")
    other = store.submit(tiny_run())
    until_status(store, other, "finished")
    assert store.run(paused).status == "paused"
    said = [kind for kind in kinds(store, paused) if kind != "window"]
    assert said == ["started", "paused", "resumed", "paused"]


def test_a_worker_keeps_eight_paused_runs_and_the_first_of_nine_makes_room(
    store: Store, start_worker: StartWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "PARKED", 2)
    ids = [store.submit(LONG) for _ in range(3)]
    start_worker()
    for run_id in ids:
        until_status(store, run_id, "running")
        store.send(run_id, "pause")
        until_status(store, run_id, "paused", *ENDED)
    until_status(store, ids[0], *ENDED)
    first = store.run(ids[0])
    assert (first.status, first.reason) == ("interrupted", jobs.NO_ROOM)
    assert [store.run(run_id).status for run_id in ids[1:]] == ["paused", "paused"]


def test_a_worker_that_ends_interrupts_what_it_trains_and_what_is_paused(
    store: Store, start_worker: StartWorker
) -> None:
    paused, training = store.submit(LONG), store.submit(LONG)
    worker = start_worker()
    until_status(store, paused, "running")
    store.send(paused, "pause")
    until_status(store, training, "running")
    assert worker.end()
    for run_id in (paused, training):
        assert (store.run(run_id).status, store.run(run_id).reason) == ("interrupted", attempt.CLOSED)
