"""The background worker: it takes queued runs in turn, obeys within a second, and loses nothing when killed."""

import itertools
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from examples import TINY_NETWORK, checkpoint_of, claimed, facts, place_in_the_queue, say, tiny_run, wait_until
from stories import STARTED

from lab import attempt, jobs
from lab.attempt import Attempt
from lab.config import RunConfig
from lab.control import Control
from lab.events import Checkpoint, Epoch, Event, Finished, Paused, Started, Window
from lab.jobs import Worker, Workers
from lab.mnist import Mnist, load_mnist
from lab.network_config import NetworkConfig
from lab.newest import newest
from lab.store import ENDED, Claim, Store, StoreError, turns, worker_name
from lab.training import train
from lab.training_config import Augmentation, Optimizer, Schedule

ROOT = Path(__file__).parent.parent
LONG = tiny_run(epochs=200, batch_size=1)
"""9,600 iterations: far more than any test waits for."""
EVERYTHING = tiny_run(
    network=NetworkConfig(layers=TINY_NETWORK.layers, batch_norm=True, dropout=0.2),
    augmentation=Augmentation(rotation=10, shift=2, pen=0.5, interpolation="bilinear"),
    optimizer=Optimizer(kind="adamw", learning_rate=0.01, weight_decay=0.1),
    schedule=Schedule(kind="one_cycle"),
)

StartWorker = Callable[..., Worker]


@pytest.fixture
def start_worker(store: Store, few: Mnist, monkeypatch: pytest.MonkeyPatch) -> Iterator[StartWorker]:
    """Starts a worker of the CPU on a few digits; whatever still trains is stopped at the end of the test."""
    monkeypatch.setattr(jobs, "load_mnist", lambda device: few)
    started: list[Worker] = []

    def start(only: int | None = None) -> Worker:
        started.append(Worker(store, "cpu", only=only))
        started[-1].start()
        return started[-1]

    yield start
    for run in store.runs():
        store.send(run.id, "stop")
    for worker in started:
        worker.end()
        assert not worker.is_alive()


def kinds(store: Store, run_id: int) -> list[str]:
    return [kept.event.kind for kept in store.events_after(run_id)]


def until_status(store: Store, run_id: int, *statuses: str) -> float:
    """Seconds until the run has one of these statuses."""
    return wait_until(lambda: store.run(run_id).status in statuses)


def what_was_learnt(store: Store, run_id: int) -> tuple[list[Epoch], Checkpoint]:
    """Every figure of every epoch but the seconds, and the last checkpoint to the byte."""
    return [facts(epoch) for epoch in store.epochs([run_id])[run_id]], store.checkpoint(run_id)


# --- the queue ---------------------------------------------------------------------------------------------------


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


# --- paused runs -------------------------------------------------------------------------------------------------


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


# --- what goes wrong ---------------------------------------------------------------------------------------------


def test_a_missing_data_file_fails_the_run_with_its_sentence_and_the_worker_goes_on(
    store: Store, start_worker: StartWorker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, few: Mnist
) -> None:
    load_mnist.cache_clear()
    monkeypatch.setenv("LAB_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(jobs, "load_mnist", load_mnist)
    run_id = store.submit(tiny_run())
    start_worker()
    until_status(store, run_id, *ENDED)
    run, file = store.run(run_id), tmp_path / "MNIST" / "raw" / "train-images-idx3-ubyte.gz"
    assert run.status == "failed"
    assert run.reason.startswith(f"The data file {file} is missing: ")
    monkeypatch.setattr(jobs, "load_mnist", lambda device: few)
    store.requeue(run_id)
    until_status(store, run_id, "finished")


def test_an_unforeseen_error_is_the_runs_failure_and_not_the_workers_end(
    store: Store, start_worker: StartWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Iterator[Event]:
        yield from ()
        raise KeyError("a programming error")

    monkeypatch.setattr(jobs, "train", broken)
    first = store.submit(tiny_run())
    worker = start_worker()
    until_status(store, first, *ENDED)
    assert store.run(first).status == "failed"
    assert store.run(first).reason == "An unexpected error ended the run: 'a programming error'"
    monkeypatch.setattr(jobs, "train", train)
    second = store.submit(tiny_run())
    until_status(store, second, "finished")
    assert worker.is_alive()


@pytest.mark.parametrize(
    "config",
    ['{"colour": 1}', "{", "[" * 200_000, b"\xff"],
    ids=["of a later lab", "broken", "200,000 deep", "bytes"],
)
def test_a_queued_run_that_cannot_be_read_fails_with_a_sentence_and_the_next_is_trained(
    store: Store, start_worker: StartWorker, config: str | bytes
) -> None:
    broken, sound = store.submit(tiny_run()), store.submit(tiny_run(epochs=1))
    with store._database.writing() as connection:
        connection.execute(sa.text("UPDATE runs SET config = :config WHERE id = :id"), {"config": config, "id": broken})
    worker = start_worker()
    until_status(store, sound, "finished")
    assert worker.is_alive()
    with store._database.reading() as connection:
        [row] = connection.execute(sa.text("SELECT status, reason FROM runs WHERE id = :id"), {"id": broken}).all()
    assert row.status == "failed"
    assert row.reason.startswith(f"Run {broken} cannot be read: ")


@pytest.mark.parametrize(
    "error",
    [StoreError("The database is locked."), RecursionError("maximum recursion depth exceeded")],
    ids=["the database does not answer", "a row is beyond reading"],
)
def test_a_store_that_cannot_be_read_is_told_once_and_asked_again(
    store: Store,
    start_worker: StartWorker,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
) -> None:
    run_id, silent = store.submit(tiny_run()), iter([True, True])

    def sometimes(*arguments: Any) -> Any:
        if next(silent, False):
            raise error
        return turns(*arguments)

    monkeypatch.setattr(jobs, "turns", sometimes)
    start_worker()
    until_status(store, run_id, "finished")
    assert next(silent, None) is None
    assert [record.message for record in caplog.records if record.name == "lab.jobs"] == [str(error)]


def test_a_database_deleted_in_use_ends_the_training_and_one_put_back_shows_the_run_as_interrupted(
    store: Store, start_worker: StartWorker, tmp_path: Path
) -> None:
    run_id = store.submit(LONG)
    worker = start_worker()
    wait_until(lambda: store.checkpoint_epochs(run_id) != [])
    file = Path(str(sa.make_url(store.url).database))
    file.rename(tmp_path / "elsewhere.sqlite3")
    wait_until(lambda: any("was deleted or replaced" in sentence for sentence in worker.problems()))
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("lab-heartbeat")]
    (tmp_path / "elsewhere.sqlite3").rename(file)
    until_status(store, run_id, *ENDED)
    assert (store.run(run_id).status, store.run(run_id).reason) == ("interrupted", jobs.ABANDONED)
    wait_until(lambda: worker.problems() == [])
    following = store.submit(tiny_run())
    until_status(store, following, "finished")


def test_one_long_iteration_is_not_taken_for_death(
    store: Store, start_worker: StartWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The heart beats in a thread of its own: others see new beats while the iteration takes its time."""
    go_on = threading.Event()

    def one_long_iteration(*_: Any) -> Iterator[Event]:
        yield STARTED
        go_on.wait(60)
        yield Finished()

    monkeypatch.setattr(attempt, "HEARTBEAT_SECONDS", 0.01)
    monkeypatch.setattr(jobs, "train", one_long_iteration)
    run_id = store.submit(tiny_run())
    start_worker()
    until_status(store, run_id, "running")
    seen: set[float | None] = set()
    wait_until(lambda: seen.add(store.active()[0].heartbeat) or len(seen) > 3)  # type: ignore[func-returns-value]
    go_on.set()
    until_status(store, run_id, "finished")


# --- going on ----------------------------------------------------------------------------------------------------


def test_a_run_stopped_after_an_epoch_and_resumed_is_the_uninterrupted_one(
    store: Store, start_worker: StartWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempt, "COMMAND_POLL_SECONDS", 0.0)  # asked at every iteration
    whole = store.submit(EVERYTHING)
    start_worker()
    until_status(store, whole, "finished")

    def stopped_after_each_epoch(*arguments: Any) -> Iterator[Event]:
        for event in train(*arguments):
            yield event
            if isinstance(event, Epoch):
                store.send(stopped, "stop")

    monkeypatch.setattr(jobs, "train", stopped_after_each_epoch)
    stopped = store.submit(EVERYTHING)
    for epochs in (1, 2):
        until_status(store, stopped, "stopped")
        assert store.checkpoint_epochs(stopped) == list(range(1, epochs + 1))
        store.requeue(stopped)
    until_status(store, stopped, "finished")  # nothing is asked after the last epoch
    assert what_was_learnt(store, stopped) == what_was_learnt(store, whole)


def test_a_killed_process_leaves_an_interrupted_run_that_goes_on_to_the_same_weights(store: Store) -> None:
    """A real process on the real data, killed with SIGKILL in the middle of its second epoch.

    To keep it short the network is tiny; so the run is queued and stopped here, and `python -m lab resume` trains it
    from its first iteration.
    """
    config = replace(EVERYTHING, epochs=3, batch_size=64, training_images=3_000)
    killed = store.submit(config)
    store.send(killed, "stop")
    with subprocess.Popen(
        [sys.executable, "-m", "lab", "resume", str(killed), "--json"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        wait_until(lambda: any(getattr(kept.event, "epoch", 0) == 2 for kept in store.events_after(killed)))
        process.kill()
        assert process.stdout is not None
        shown = [json.loads(line) for line in process.stdout]

    assert store.run(killed).status == "interrupted"
    kept = store.epochs([killed])[killed]
    assert len(kept) in (1, 2)  # on a very fast machine the second epoch may just have ended
    assert store.checkpoint_epochs(killed) == [epoch.epoch for epoch in kept] == list(range(1, len(kept) + 1))
    for row in shown:
        if row["event"] == "epoch":  # what was shown before the end is what was kept
            assert {key: row[key] for key in kept[0].row()} == kept[row["epoch"] - 1].row()

    whole = store.submit(config)
    store.requeue(killed)
    for run_id in (killed, whole):
        worker = Worker(store, "cpu", only=run_id)
        worker.start()
        until_status(store, run_id, *ENDED)
        worker.end()
        assert store.run(run_id).status == "finished"
    assert what_was_learnt(store, killed) == what_was_learnt(store, whole)


# --- forks -------------------------------------------------------------------------------------------------------


def test_a_fork_under_the_same_config_is_the_parent_where_the_optimiser_has_no_memory(
    store: Store, start_worker: StartWorker
) -> None:
    plain = replace(EVERYTHING, optimizer=Optimizer(momentum=0), schedule=Schedule(kind="cosine"))
    parent = store.submit(plain)
    start_worker()
    until_status(store, parent, *ENDED)
    fork = store.fork(parent, 1, plain)
    until_status(store, fork, *ENDED)
    assert what_was_learnt(store, fork) == what_was_learnt(store, parent)


@pytest.mark.parametrize(
    "change",
    [
        {"optimizer": Optimizer(learning_rate=0.0001)},
        {"optimizer": Optimizer(kind="adamw", learning_rate=0.0001)},
        {"network": replace(EVERYTHING.network, dropout=0.0), "weight_averaging": 0.9},
    ],
    ids=["a lower rate", "another optimiser", "dropout off and an average"],
)
def test_a_fork_under_another_config_differs_from_its_own_first_epoch_on(
    change: dict[str, Any], store: Store, start_worker: StartWorker
) -> None:
    parent = store.submit(EVERYTHING)
    start_worker()
    until_status(store, parent, *ENDED)
    fork = store.fork(parent, 2, replace(EVERYTHING, **change))
    until_status(store, fork, *ENDED)
    (before, weights), (after, changed) = what_was_learnt(store, parent), what_was_learnt(store, fork)
    assert store.run(fork).status == "finished"
    assert [epoch.epoch for epoch in after] == [1, 2, 3]
    assert after[:2] == before[:2]
    assert after[2].train_loss != before[2].train_loss
    assert changed.weights != weights.weights
