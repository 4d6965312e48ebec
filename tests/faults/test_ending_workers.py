"""Workers that are told to end: soon, whatever they are doing, with their run interrupted and every thread joined."""

import threading
from collections.abc import Iterator

import pytest
from examples import tiny_run, wait_until

from lab import jobs
from lab.attempt import CLOSED
from lab.events import Event, Finished, Started
from lab.jobs import Worker, Workers
from lab.mnist import Mnist
from lab.store import Store

LONG = tiny_run(epochs=200, batch_size=1)
"""9,600 iterations: far more than any test waits for."""
WORKER = "lab-worker-cpu"


@pytest.fixture
def workers(few: Mnist, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workers]:
    """Those of a process with a CPU and a few digits."""
    monkeypatch.setattr(jobs, "load_mnist", lambda device: few)
    monkeypatch.setattr(jobs, "available_devices", lambda: ["cpu"])
    workers = Workers()
    assert alive() == []
    yield workers
    assert workers.end(60)
    assert alive() == []


def alive() -> list[threading.Thread]:
    """This process's threads that work off the queue of the CPU."""
    return [thread for thread in threading.enumerate() if thread.name == WORKER]


def until_status(store: Store, run_id: int, status: str) -> None:
    wait_until(lambda: store.run(run_id).status == status)


def test_a_process_has_one_worker_a_device_and_one_that_has_died_is_replaced(
    store: Store, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(worker: Worker) -> None:
        worker._end.set()

    for _ in range(3):
        workers.start(store)
    [first] = alive()
    until_status(store, store.submit(tiny_run()), "finished")
    with monkeypatch.context() as patch:
        patch.setattr(Worker, "_next", die)
        first.join(60)
    workers.start(store)
    [second] = alive()
    assert second is not first


def test_workers_that_were_told_to_end_are_not_started_again(store: Store, workers: Workers) -> None:
    workers.tell_to_end()
    workers.start(store)
    assert alive() == []


def test_a_run_in_training_is_interrupted_and_can_be_resumed(store: Store, workers: Workers) -> None:
    run_id = store.submit(LONG)
    workers.start(store)
    wait_until(lambda: len(store.checkpoint_epochs(run_id)) >= 2)
    assert workers.end(60)
    run = store.run(run_id)
    assert (run.status, run.reason) == ("interrupted", "The lab was closed while this run trained.")
    done = store.checkpoint_epochs(run_id)
    assert done == [epoch.epoch for epoch in store.epochs([run_id])[run_id]]
    store.requeue(run_id)
    again = Workers()
    again.start(store)
    wait_until(lambda: len(store.checkpoint_epochs(run_id)) > len(done))
    assert again.end(60)
    begun = [kept.event for kept in store.events_after(run_id) if isinstance(kept.event, Started)]
    assert [event.first_epoch for event in begun] == [1, done[-1] + 1]


@pytest.mark.parametrize("command", ["pause", "run"], ids=["in a pause", "in training"])
def test_no_iteration_is_waited_for_that_does_not_come(store: Store, workers: Workers, command: str) -> None:
    run_id = store.submit(LONG)
    store.send(run_id, "pause" if command == "pause" else "run")
    workers.start(store)
    until_status(store, run_id, "paused" if command == "pause" else "running")
    assert workers.end(60)
    assert store.run(run_id).status == "interrupted"


def test_what_is_queued_later_stays_in_the_queue(store: Store, workers: Workers) -> None:
    workers.start(store)
    assert workers.end(60)
    assert store.run(store.submit(tiny_run())).status == "queued"


def test_the_run_of_an_iteration_that_does_not_end_is_interrupted_all_the_same(
    store: Store, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    computing, done = threading.Event(), threading.Event()

    def long_iteration(*_: object) -> Iterator[Event]:
        computing.set()
        assert done.wait(60)
        yield Finished()

    monkeypatch.setattr(jobs, "train", long_iteration)
    run_id = store.submit(tiny_run())
    workers.start(store)
    assert computing.wait(60)
    assert not workers.end(0.01)
    assert (store.run(run_id).status, store.run(run_id).reason) == ("interrupted", CLOSED)
    done.set()
    assert workers.end(60)
    assert store.run(run_id).status == "interrupted"  # what it says afterwards is not kept


def test_the_worker_of_a_deleted_run_ends_when_told_to(store: Store, workers: Workers) -> None:
    run_id = store.submit(LONG)
    workers.start(store)
    until_status(store, run_id, "running")
    store.delete(run_id)
    assert workers.end(60)
    assert store.runs() == []
