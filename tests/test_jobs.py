"""The background worker: it takes queued runs in turn, and obeys within a second."""

import itertools
import threading
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from claiming import place_in_the_queue
from examples import checkpoint_of, facts, tiny_run, wait_until
from stories import STARTED
from workers import LONG, StartWorker, kinds, until_status

from lab import jobs
from lab.events import Epoch, Event, Started
from lab.jobs import Worker, Workers
from lab.mnist import Mnist
from lab.newest import newest
from lab.store import ENDED, Store
from lab.training import train


def test_a_queued_run_is_trained_and_everything_it_says_is_kept(
    store: Store, few: Mnist, start_worker: StartWorker
) -> None:
    run_id = store.submit(tiny_run())
    start_worker()
    until_status(store, run_id, *ENDED)
    said = list(train(tiny_run(), few))
    assert kinds(store, run_id) == [event.kind for event in said]
    assert store.run(run_id).status == "finished"
    assert isinstance(said[0], Started)
    assert store.run(run_id).hardware == f"{said[0].device_name}, {said[0].engine} engine"
    epochs = [event for event in said if isinstance(event, Epoch)]
    assert [store.checkpoint(run_id, e.epoch).weights for e in epochs] == [checkpoint_of(e).weights for e in epochs]
    assert [facts(epoch) for epoch in store.epochs([run_id])[run_id]] == [
        replace(facts(epoch), checkpoint=None) for epoch in epochs
    ]


def test_a_run_is_read_while_it_trains_and_forgotten_when_it_has_ended(store: Store, start_worker: StartWorker) -> None:
    run_id = store.submit(LONG)
    start_worker()
    wait_until(lambda: newest(store.url, run_id) is not None)
    store.send(run_id, "pause")
    until_status(store, run_id, "paused")
    assert newest(store.url, run_id) is not None
    store.send(run_id, "stop")
    until_status(store, run_id, "stopped")
    wait_until(lambda: newest(store.url, run_id) is None)


def test_the_second_run_waits_for_the_first(store: Store, start_worker: StartWorker) -> None:
    first, second = store.submit(LONG), store.submit(tiny_run())
    start_worker()
    until_status(store, first, "running")
    assert store.run(second).status == "queued"
    assert place_in_the_queue(store, second) == 0
    store.send(first, "stop")
    until_status(store, second, "finished")
    ended, started = store.run(first).ended, store.run(second).started
    assert ended is not None
    assert started is not None
    assert ended <= started


def test_runs_are_taken_oldest_first(store: Store, start_worker: StartWorker) -> None:
    ids = [store.submit(tiny_run(epochs=1, seed=seed)) for seed in range(3)]
    start_worker()
    until_status(store, ids[-1], "finished")
    starts = [store.run(run_id).started or 0.0 for run_id in ids]
    assert starts == sorted(starts)
    assert [store.run(run_id).status for run_id in ids] == ["finished"] * 3


def test_two_workers_of_one_device_never_train_at_once(store: Store, start_worker: StartWorker) -> None:
    """As when the app and the command line are open together."""
    ids = [store.submit(tiny_run(epochs=1, seed=seed)) for seed in range(4)]
    start_worker()
    start_worker()
    for run_id in ids:
        until_status(store, run_id, *ENDED)
    spans = [[kept.id for kept in store.events_after(run_id)] for run_id in ids]
    for earlier, later in itertools.pairwise(spans):
        assert max(earlier) < min(later)
    assert [kinds(store, run_id).count("started") for run_id in ids] == [1, 1, 1, 1]


def test_a_worker_for_one_run_takes_only_that_and_ends(store: Store, start_worker: StartWorker) -> None:
    other, mine = store.submit(tiny_run()), store.submit(tiny_run())
    worker = start_worker(only=mine)
    wait_until(lambda: not worker.is_alive())
    assert store.run(mine).status == "finished"
    assert store.run(other).status == "queued"


def test_a_run_for_a_device_that_is_nowhere_fails_with_the_choice(
    store: Store, start_worker: StartWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: False)
    run_id = store.submit(tiny_run(device="mps"))
    start_worker()
    until_status(store, run_id, *ENDED)
    run = store.run(run_id)
    assert run.status == "failed"
    assert run.reason.startswith("This machine has no mps device: choose ")


def test_a_run_for_another_device_is_left_to_its_worker(
    store: Store, start_worker: StartWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    for_cuda = [store.submit(tiny_run(device=device)) for device in ("cuda", "auto")]
    for_cpu = store.submit(tiny_run(device="cpu"))
    start_worker()
    until_status(store, for_cpu, "finished")
    assert [store.run(run_id).status for run_id in for_cuda] == ["queued", "queued"]


def test_a_process_has_one_background_worker_a_device(
    store: Store, few: Mnist, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "load_mnist", lambda device: few)
    monkeypatch.setattr(jobs, "available_devices", lambda: ["cpu"])
    before, workers = set(threading.enumerate()), Workers()
    for _ in range(3):
        workers.start(store)
    started = set(threading.enumerate()) - before
    assert [thread.name for thread in started].count("lab-worker-cpu") == 1
    run_id = store.submit(tiny_run())
    until_status(store, run_id, "finished")
    assert workers.problems() == []
    assert workers.end()
    assert not set(threading.enumerate()) - before


def test_a_worker_that_has_ended_by_itself_is_noticed_and_replaced(
    store: Store, few: Mnist, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing that a run does ends it; a library that leaves its thread may."""

    def leaves(*_: Any) -> Iterator[Event]:
        yield STARTED
        raise SystemExit("a library left")

    monkeypatch.setattr(jobs, "load_mnist", lambda device: few)
    monkeypatch.setattr(jobs, "available_devices", lambda: ["cpu"])
    monkeypatch.setattr(jobs, "train", leaves)
    workers, run_id = Workers(), store.submit(tiny_run())
    workers.start(store)
    wait_until(lambda: workers.problems() != [])
    assert workers.problems() == ["The trainer of the device cpu has ended unexpectedly and is being started again."]
    until_status(store, run_id, *ENDED)
    run = store.run(run_id)
    assert (run.status, run.reason) == ("interrupted", "The trainer ended unexpectedly: a library left")
    monkeypatch.setattr(jobs, "train", train)
    workers.start(store)
    assert workers.problems() == []
    store.requeue(run_id)
    until_status(store, run_id, "finished")
    assert workers.end()


def test_a_run_that_ends_while_it_is_asked_for_is_no_error(store: Store) -> None:
    class Ends(Worker):
        """Its run is over at the second look."""

        looks = iter((SimpleNamespace(claim=SimpleNamespace(run_id=1), problem="The disk is full."),))

        @property
        def _training(self) -> Any:
            return next(self.looks, None)

        @_training.setter
        def _training(self, _: Any) -> None:
            pass

    assert Ends(store, "cpu").problems() == ["Run 1 waits: The disk is full."]


# --- commands ----------------------------------------------------------------------------------------------------


TRIES = 3
"""Of which the quickest is held to a second: what is always late is late then too, and a busy machine is not blamed."""


def test_pause_resume_and_stop_are_obeyed_within_a_second(store: Store, start_worker: StartWorker) -> None:
    start_worker()
    paused, resumed, stopped = zip(*[_seconds_to_obey(store) for _ in range(TRIES)], strict=True)
    assert min(paused) < 1
    assert min(resumed) < 1
    assert min(stopped) < 1


def _seconds_to_obey(store: Store) -> tuple[float, float, float]:
    """A pause, what follows it, and a stop of a new run; and what the run says of them."""
    run_id = store.submit(LONG)
    wait_until(lambda: store.checkpoint_epochs(run_id) != [])
    store.send(run_id, "pause")
    paused = until_status(store, run_id, "paused")
    assert kinds(store, run_id)[-1] == "paused"
    store.send(run_id, "run")
    resumed = until_status(store, run_id, "running")
    store.send(run_id, "stop")
    stopped = until_status(store, run_id, *ENDED)
    assert store.run(run_id).status == "stopped"
    said = kinds(store, run_id)
    assert said[-1] == "stopped"
    assert said[said.index("paused") + 1] == "resumed"
    return paused, resumed, stopped


def test_a_paused_run_is_stopped_within_a_second(store: Store, start_worker: StartWorker) -> None:
    runs = [store.submit(LONG) for _ in range(TRIES)]
    for run_id in runs:
        store.send(run_id, "pause")  # while it is queued: it starts and waits
    start_worker()
    seconds = []
    for run_id in runs:
        until_status(store, run_id, "paused")
        store.send(run_id, "stop")
        seconds.append(until_status(store, run_id, *ENDED))
        assert kinds(store, run_id) == ["started", "paused", "stopped"]
    assert min(seconds) < 1


def test_deleting_a_live_run_ends_its_training(store: Store, start_worker: StartWorker) -> None:
    run_id, following = store.submit(LONG), store.submit(tiny_run())
    start_worker()
    wait_until(lambda: store.checkpoint_epochs(run_id) != [])
    store.delete(run_id)
    until_status(store, following, "finished")  # the same worker is free again
    assert [run.id for run in store.runs()] == [following]
    assert store.events_after(run_id) == []
    assert store.checkpoint_epochs(run_id) == []


def test_what_is_said_after_a_stop_does_not_take_it_back(store: Store, start_worker: StartWorker) -> None:
    run_id = store.submit(LONG)
    store.send(run_id, "pause")
    start_worker()
    until_status(store, run_id, "paused")
    assert store.send(run_id, "stop")
    assert not store.send(run_id, "pause")  # before the worker has looked
    assert not store.send(run_id, "run")
    until_status(store, run_id, *ENDED)
    assert store.run(run_id).status == "stopped"
