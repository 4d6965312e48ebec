"""Ending a process ends its training in good order: soon, without a crash, and with a run that can be resumed."""

import signal
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from time import monotonic

import pytest
import sqlalchemy as sa
from examples import tiny_run, wait_until
from lab_server import LabServer

from lab.attempt import CLOSED
from lab.config import RunConfig
from lab.steps import step
from lab.store import ENDED, Store

STEP_5 = replace(step(5).config, device="cpu", training_images=60_000)
QUICK = tiny_run(epochs=200, training_images=2_000)
"""An epoch is little more than its 10,000 evaluations."""
SECONDS = 6.0
"""Three on a machine with nothing else to do; where other tests fill every core, only this much is certain."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LabServer]:
    server = LabServer(tmp_path)
    server.start()
    yield server
    server.close()


def train(server: LabServer, config: RunConfig, until: str = "window") -> int:
    """A run of the server's own worker that has said `until`."""
    run_id = server.store.submit(config)
    wait_until(lambda: until in kinds(server.store, run_id))
    return run_id


def kinds(store: Store, run_id: int) -> list[str]:
    return [kept.event.kind for kept in store.events_after(run_id)]


def end(server: LabServer, *signals: signal.Signals) -> None:
    """Send the signals at once after one another; the server must leave soon and without a crash."""
    began = monotonic()
    for number in signals:
        server.send(number)
    code = server.wait_for_end()
    assert code in (0, 130), server.log.read_text()
    assert monotonic() - began < SECONDS
    assert "Traceback" not in server.log.read_text()


def assert_sound(store: Store) -> None:
    path = sa.make_url(store.url).database
    assert path is not None
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()


def status_in_the_file(store: Store, run_id: int) -> str:
    """What the row itself says: a reading by the store would notice that its worker is dead."""
    path = sa.make_url(store.url).database
    assert path is not None
    with sqlite3.connect(path) as connection:
        [(status,)] = connection.execute("SELECT status FROM runs WHERE id = ?", [run_id]).fetchall()
    connection.close()
    return str(status)


def assert_interrupted_and_kept(store: Store, run_id: int) -> None:
    """Interrupted with its reason, all its finished epochs kept, and ready to be resumed."""
    assert status_in_the_file(store, run_id) == "interrupted"
    run = store.run(run_id)
    assert (run.status, run.reason) == ("interrupted", CLOSED)
    assert store.checkpoint_epochs(run_id) == [epoch.epoch for epoch in store.epochs([run_id])[run_id]]
    assert_sound(store)
    store.requeue(run_id)
    assert store.run(run_id).status == "queued"


@pytest.mark.parametrize(
    "signals",
    [(signal.SIGINT,), (signal.SIGTERM,), (signal.SIGINT, signal.SIGINT), (signal.SIGINT, signal.SIGTERM)],
    ids=lambda signals: " ".join(number.name for number in signals),
)
def test_a_server_that_trains_step_5_ends_in_good_order(server: LabServer, signals: tuple[signal.Signals, ...]) -> None:
    run_id = train(server, STEP_5)
    end(server, *signals)
    assert_interrupted_and_kept(server.store, run_id)


def test_finished_epochs_are_kept(server: LabServer) -> None:
    run_id = train(server, QUICK, until="epoch")
    end(server, signal.SIGINT)
    assert server.store.checkpoint_epochs(run_id)[:1] == [1]
    assert_interrupted_and_kept(server.store, run_id)


def test_a_paused_run_is_interrupted_too(server: LabServer) -> None:
    run_id = train(server, QUICK)
    server.store.send(run_id, "pause")
    wait_until(lambda: server.store.run(run_id).status == "paused")
    end(server, signal.SIGTERM)
    assert_interrupted_and_kept(server.store, run_id)


def test_the_worker_of_a_deleted_run_ends_as_well(server: LabServer) -> None:
    server.store.delete(train(server, STEP_5))
    end(server, signal.SIGINT)
    assert server.store.runs() == []
    assert_sound(server.store)


def test_what_waits_in_the_queue_is_trained_when_the_server_starts_again_and_nobody_opens_a_page(
    server: LabServer,
) -> None:
    train(server, STEP_5)
    waiting = server.store.submit(tiny_run(epochs=1))
    end(server, signal.SIGINT)
    assert server.store.run(waiting).status == "queued"
    server.start()
    wait_until(lambda: server.store.run(waiting).status in ENDED)
    assert server.store.run(waiting).status == "finished"


def test_a_server_ends_while_torch_is_imported(server: LabServer) -> None:
    run_id = server.store.submit(QUICK)
    wait_until(server.imports_torch)
    end(server, signal.SIGTERM)
    assert status_in_the_file(server.store, run_id) in ("queued", "interrupted")
    assert_sound(server.store)
