"""A process that is stopped and goes on, and a store that is locked or full for a while, end no run."""

import multiprocessing
import os
import signal
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import psutil
import pytest
import sqlalchemy as sa
from claiming import claimed
from examples import tiny_run, wait_until
from stories import ME, STARTED

from benchmarks.kill import CONFIG, NOW, in_a_fork
from lab import jobs
from lab.events import Event, Finished
from lab.jobs import Worker
from lab.mnist import Mnist
from lab.store import ENDED, Run, Store, active
from lab.store.active import Watch
from lab.training import train

Trains = Callable[[int], tuple[BaseProcess, Connection]]


@pytest.fixture
def trains(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Trains]:
    """Begins a process that trains a run, and has begun when this returns."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    forks = multiprocessing.get_context("forkserver")
    forks.set_forkserver_preload(["benchmarks.killed"])
    started: list[BaseProcess] = []

    def start(run_id: int) -> tuple[BaseProcess, Connection]:
        here, there = forks.Pipe()
        process = forks.Process(target=in_a_fork, args=("train", store.url, run_id, "training", 0, there))
        process.start()
        there.close()
        started.append(process)
        assert here.poll(120)
        assert here.recv() == NOW
        return process, here

    yield start
    for process in started:
        process.kill()
        process.join()
        process.close()


def stop(process: BaseProcess) -> None:
    """Stop it as Ctrl-Z does; it does nothing more when this returns."""
    assert process.pid is not None
    os.kill(process.pid, signal.SIGSTOP)
    wait_until(lambda: psutil.Process(process.pid).status() == psutil.STATUS_STOPPED)


def go_on(process: BaseProcess) -> None:
    assert process.pid is not None
    os.kill(process.pid, signal.SIGCONT)


def look_for_an_hour(store: Store) -> Run:
    """Look at the one run for an hour of this observer's time."""
    now = [0.0]
    store._watch = Watch(lambda: now[0])
    for _ in range(1200):
        now[0] += 3.0
        store.active()
    return store.runs()[0]


def kinds(store: Store, run_id: int) -> list[str]:
    return [kept.event.kind for kept in store.events_after(run_id)]


def test_a_process_stopped_for_an_hour_goes_on_with_its_run(store: Store, trains: Trains) -> None:
    run_id = store.submit(CONFIG)
    process, pipe = trains(run_id)
    stop(process)
    assert look_for_an_hour(store).status == "running"
    go_on(process)
    wait_until(lambda: store.run(run_id).status in ENDED)
    assert store.run(run_id).status == "finished"
    assert kinds(store, run_id).count("started") == 1
    pipe.close()


def test_a_stopped_process_whose_run_was_taken_meanwhile_can_write_nothing(
    store: Store, trains: Trains, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As an observer on another machine would: it cannot see the process, and hears nothing of it."""
    run_id = store.submit(CONFIG)
    process, pipe = trains(run_id)
    stop(process)
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(active, "is_of_this_host", lambda worker: False)
        assert look_for_an_hour(store).status == "interrupted"
    assert store.run(run_id).reason == active.SILENT
    store.requeue(run_id)
    successor = claimed(store, run_id, ME)
    successor.append(STARTED)
    before, row = kinds(store, run_id), store.run(run_id)
    go_on(process)
    process.join(120)  # it has noticed, and has nothing else to do
    assert process.exitcode == 0
    assert kinds(store, run_id) == before
    assert store.run(run_id) == row
    successor.append(Finished())
    pipe.close()


def test_a_process_that_is_gone_is_noticed_at_the_first_look(store: Store, trains: Trains) -> None:
    run_id = store.submit(CONFIG)
    process, pipe = trains(run_id)
    process.kill()
    wait_until(lambda: store.run(run_id).status != "running", seconds=5)
    assert (store.run(run_id).status, store.run(run_id).reason) == ("interrupted", active.KILLED)
    pipe.close()


@pytest.fixture
def worker(store: Store, few: Mnist, monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    """A worker of this process, on a few digits."""
    monkeypatch.setattr(jobs, "load_mnist", lambda device: few)
    worker = Worker(store, "cpu")
    yield worker
    assert worker.end()


def configure(store: Store, *pragmas: str) -> Callable[[], None]:
    """Set these for every use of the store's connections from now on; returns what undoes it."""

    def use(connection: Any, *_: object) -> None:
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    engine = store._database._engine
    sa.event.listen(engine, "checkout", use)
    return lambda: sa.event.remove(engine, "checkout", use)


def assert_nothing_is_missing(store: Store, run_id: int) -> None:
    """All that a run of three epochs of three iterations says, each once and in order."""
    said = kinds(store, run_id)
    assert said == ["started", *["window"] * 3, "epoch", *["window"] * 3, "epoch", *["window"] * 3, "epoch", "finished"]
    assert store.checkpoint_epochs(run_id) == [1, 2, 3]


def test_training_waits_for_a_store_that_somebody_else_has_locked(
    store: Store, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, locked = threading.Event(), threading.Event()

    def train_with_a_pause_for_the_lock(*arguments: Any) -> Iterator[Event]:
        for event in train(*arguments):
            yield event
            begun.set()
            assert locked.wait(60)

    monkeypatch.setattr(jobs, "train", train_with_a_pause_for_the_lock)
    configure(store, "busy_timeout=1")
    path = sa.make_url(store.url).database
    assert path is not None
    run_id = store.submit(tiny_run())
    worker.start()
    assert begun.wait(60)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        locked.set()
        wait_until(lambda: any("locked" in sentence for sentence in worker.problems()))
        assert store.run(run_id).status == "running"
        other.execute("ROLLBACK")
    wait_until(lambda: store.run(run_id).status in ENDED)
    assert_nothing_is_missing(store, run_id)
    assert worker.problems() == []


def test_training_waits_for_a_disk_that_is_full(store: Store, worker: Worker) -> None:
    run_id = store.submit(tiny_run())
    there_is_room = configure(store, "max_page_count=1")  # no page more than there are
    worker.start()
    wait_until(lambda: any("full" in sentence for sentence in worker.problems()))
    assert store.run(run_id).status == "running"
    there_is_room()
    configure(store, "max_page_count=1000000")
    wait_until(lambda: store.run(run_id).status in ENDED)
    assert_nothing_is_missing(store, run_id)
    assert worker.problems() == []
