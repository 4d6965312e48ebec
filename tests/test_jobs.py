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
from examples import TINY_NETWORK, tiny_run, wait_until

from lab import jobs
from lab import store as store_module
from lab.config import Augmentation, ConfigError, NetworkConfig, Optimizer, Schedule
from lab.events import Epoch, Event, Finished, Started
from lab.jobs import Worker
from lab.mnist import Mnist, load_mnist
from lab.store import ENDED, Store, StoreError
from lab.training import train

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
    return [row["event"] for row in store.events_after(run_id)]


def until_status(store: Store, run_id: int, *statuses: str) -> float:
    """Seconds until the run has one of these statuses."""
    return wait_until(lambda: store.run(run_id).status in statuses)


def what_was_learnt(store: Store, run_id: int) -> tuple[list[dict[str, Any]], bytes, bytes, bytes | None]:
    """Every figure of every epoch but the seconds, and the last checkpoint to the byte."""
    figures = [{key: row[key] for key in row if key != "seconds"} for row in store.epochs([run_id])[run_id]]
    last = store.checkpoint(run_id)
    return figures, last.weights, last.predictions, last.optimizer_state


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
    assert store.run(run_id).hardware == f"{said[0].device_name}, {said[0].path} path"
    epochs = [event for event in said if isinstance(event, Epoch)]
    assert [store.checkpoint(run_id, epoch.epoch).weights for epoch in epochs] == [epoch.weights for epoch in epochs]
    assert [row["test_correct"] for row in store.epochs([run_id])[run_id]] == [e.test_correct for e in epochs]


def test_the_second_run_waits_for_the_first(store: Store, start_worker: StartWorker) -> None:
    first, second = store.submit(LONG), store.submit(tiny_run())
    start_worker()
    until_status(store, first, "running")
    assert store.run(second).status == "queued"
    assert store.queue_position(second) == 0
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
    spans = [[row["id"] for row in store.events_after(run_id)] for run_id in ids]
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


# --- commands ----------------------------------------------------------------------------------------------------


def test_pause_resume_and_stop_are_obeyed_within_a_second(store: Store, start_worker: StartWorker) -> None:
    run_id = store.submit(LONG)
    start_worker()
    wait_until(lambda: store.checkpoint_epochs(run_id) != [])
    store.send(run_id, "pause")
    assert until_status(store, run_id, "paused") < 1
    assert kinds(store, run_id)[-1] == "paused"
    store.send(run_id, "run")
    assert until_status(store, run_id, "running") < 1
    store.send(run_id, "stop")
    assert until_status(store, run_id, *ENDED) < 1
    assert store.run(run_id).status == "stopped"
    said = kinds(store, run_id)
    assert said[-1] == "stopped"
    assert said[said.index("paused") + 1] == "resumed"


def test_a_paused_run_is_stopped_within_a_second(store: Store, start_worker: StartWorker) -> None:
    run_id = store.submit(LONG)
    store.send(run_id, "pause")  # while it is queued: it starts and waits
    start_worker()
    until_status(store, run_id, "paused")
    store.send(run_id, "stop")
    assert until_status(store, run_id, *ENDED) < 1
    assert kinds(store, run_id) == ["started", "paused", "stopped"]


def test_deleting_a_live_run_ends_its_training(store: Store, start_worker: StartWorker) -> None:
    run_id, following = store.submit(LONG), store.submit(tiny_run())
    start_worker()
    wait_until(lambda: store.checkpoint_epochs(run_id) != [])
    store.delete(run_id)
    until_status(store, following, "finished")  # the same worker is free again
    assert [run.id for run in store.runs()] == [following]
    assert store.events_after(run_id) == []
    assert store.checkpoint_epochs(run_id) == []


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
    "error",
    [StoreError("The database is locked."), ConfigError("config has no field 'colour'.")],
    ids=["the database does not answer", "a run is of a later lab"],
)
def test_a_store_that_cannot_be_read_is_told_once_and_asked_again(
    store: Store,
    start_worker: StartWorker,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
) -> None:
    run_id, silent, runs = store.submit(tiny_run()), iter([True, True]), store.runs

    def sometimes() -> Any:
        if next(silent, False):
            raise error
        return runs()

    monkeypatch.setattr(store, "runs", sometimes)
    start_worker()
    until_status(store, run_id, "finished")
    assert next(silent, None) is None
    assert [record.message for record in caplog.records if record.name == "lab.jobs"] == [str(error)]


def test_one_long_iteration_is_not_taken_for_death(
    store: Store, start_worker: StartWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The heart beats in a thread of its own: 20 seconds by the clock pass inside one iteration."""
    go_on, beats = threading.Event(), threading.Semaphore(0)
    beat = store.beat

    def counted(*arguments: Any) -> str:
        answer = beat(*arguments)
        beats.release()
        return answer

    def one_long_iteration(*_: Any) -> Iterator[Event]:
        yield Started(
            device="cpu",
            device_name="",
            path="plain",
            parameters=1,
            first_epoch=1,
            epochs=1,
            iterations_per_epoch=1,
            batch_size=1,
        )
        go_on.wait(60)
        yield Finished()

    monkeypatch.setattr(store, "beat", counted)
    monkeypatch.setattr(jobs, "HEARTBEAT_SECONDS", 0.01)
    monkeypatch.setattr(jobs, "train", one_long_iteration)
    run_id = store.submit(tiny_run())
    start_worker()
    until_status(store, run_id, "running")
    for seconds in (10, 20):
        now = store_module.time.time() + 10
        monkeypatch.setattr(store_module, "time", SimpleNamespace(time=lambda now=now: now))
        while beats.acquire(blocking=False):
            pass
        assert beats.acquire(timeout=60), f"no beat after {seconds} s"
        assert beats.acquire(timeout=60)  # a whole beat since the clock was moved
        assert store.run(run_id).status == "running"
    go_on.set()
    until_status(store, run_id, "finished")


# --- going on ----------------------------------------------------------------------------------------------------


def test_a_run_stopped_after_an_epoch_and_resumed_is_the_uninterrupted_one(
    store: Store, start_worker: StartWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "COMMAND_POLL_SECONDS", 0.0)  # asked at every iteration
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
        wait_until(lambda: any(row.get("epoch") == 2 for row in store.events_after(killed)))
        process.kill()
        assert process.stdout is not None
        shown = [json.loads(line) for line in process.stdout]

    assert store.run(killed).status == "interrupted"
    kept = store.epochs([killed])[killed]
    assert len(kept) in (1, 2)  # on a very fast machine the second epoch may just have ended
    assert store.checkpoint_epochs(killed) == [row["epoch"] for row in kept] == list(range(1, len(kept) + 1))
    for row in shown:
        if row["event"] == "epoch":  # what was shown before the end is what was kept
            assert {key: row[key] for key in kept[0]} == kept[row["epoch"] - 1]

    whole = store.submit(config)
    store.requeue(killed)
    for run_id in (killed, whole):
        worker = Worker(store, "cpu", only=run_id)
        worker.start()
        until_status(store, run_id, *ENDED)
        worker.end()
        assert store.run(run_id).status == "finished"
    assert what_was_learnt(store, killed) == what_was_learnt(store, whole)
