"""What goes wrong for a worker: it is told in a sentence, and the worker goes on."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from examples import tiny_run, wait_until
from stories import STARTED
from workers import LONG, StartWorker, until_status

from lab import attempt, jobs
from lab.events import Event, Finished
from lab.mnist import Mnist, load_mnist
from lab.store import ENDED, Store, StoreError, turns
from lab.training import train


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
