"""A claim is held by one worker, and a dead one is called interrupted."""

import os
import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from types import SimpleNamespace

import pytest
from examples import beat, claimed, say, tiny_run
from stories import ME, STARTED, WINDOW, epoch, running

from lab.events import Event, Failed, Finished, Paused, Stopped
from lab.store import LostClaim, Store, claims, worker_name


def at(monkeypatch: pytest.MonkeyPatch, seconds_from_now: float) -> None:
    """Let the store's clock be ahead."""
    now = claims.time.time() + seconds_from_now
    monkeypatch.setattr(claims, "time", SimpleNamespace(time=lambda: now))


def test_a_run_is_claimed_once(store: Store) -> None:
    run_id = store.submit(tiny_run())
    assert store.claim(run_id, ME, "cpu")
    assert not store.claim(run_id, f"{ME}2", "cpu")
    run = store.run(run_id)
    assert (run.status, run.worker, run.device) == ("running", ME, "cpu")
    assert run.started is not None


@pytest.mark.parametrize("event", [STARTED, Paused()])
def test_a_device_has_one_live_run(store: Store, event: Event) -> None:
    running(store, event)
    second = store.submit(tiny_run())
    assert not Store(store.url).claim(second, f"{ME}2", "cpu")
    assert store.run(second).status == "queued"
    assert store.claim(second, f"{ME}2", "cuda")


@pytest.mark.parametrize("runs", [1, 8])
def test_of_eight_workers_that_claim_at_once_one_gets_the_device(store: Store, runs: int) -> None:
    """All after the same run, or each after its own: one claim holds, and the others are told that they have none."""
    ids = [store.submit(tiny_run(seed=seed)) for seed in range(runs)]
    together = Barrier(8)

    def claim(number: int) -> bool:
        own_connection = Store(store.url)
        together.wait()
        return own_connection.claim(ids[number % runs], f"{ME}{number}", "cpu") is not None

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(claim, range(8))) == 1
    assert [run.status for run in store.runs()].count("running") == 1


@pytest.mark.parametrize("ending", [Finished(), Stopped(), Failed(reason="no memory")])
def test_an_ended_run_frees_its_device(store: Store, ending: Event) -> None:
    running(store, STARTED, ending)
    assert store.claim(store.submit(tiny_run()), ME, "cpu")


def test_another_host_has_a_cpu_of_its_own(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    running(store, STARTED)
    second = store.submit(tiny_run())
    monkeypatch.setattr(socket, "gethostname", lambda: "another-host")
    assert store.claim(second, "another-host:1:w", "cpu")


def test_a_worker_that_lost_its_run_can_write_nothing_more(store: Store) -> None:
    run_id = store.submit(tiny_run())
    mine = claimed(store, run_id, ME)
    mine.append(STARTED)
    older = replace(mine, number=mine.number - 1)
    for write in (older.beat, lambda: older.append(epoch(1))):
        with pytest.raises(LostClaim, match=f"Run {run_id} is no longer held"):
            write()
    assert [kept.event.kind for kept in store.events_after(run_id)] == ["started"]
    assert store.checkpoint_epochs(run_id) == []


def test_a_worker_taken_for_dead_cannot_disturb_its_successor(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = store.submit(tiny_run())
    first = claimed(store, run_id, ME)
    for event in (STARTED, epoch(1)):
        first.append(event)
    with monkeypatch.context() as patch:
        at(patch, claims.HEARTBEAT_TIMEOUT + 1)
        assert store.run(run_id).status == "interrupted"
    store.requeue(run_id)
    claimed(store, run_id, ME).append(STARTED)  # the same name: only the number tells them apart
    with pytest.raises(LostClaim):
        first.append(epoch(2))
    with pytest.raises(LostClaim):
        first.append(Finished())
    assert store.run(run_id).status == "running"
    assert store.checkpoint_epochs(run_id) == [1]


def test_a_deleted_run_is_lost_to_its_worker(store: Store) -> None:
    run_id = running(store, STARTED)
    store.delete(run_id)
    with pytest.raises(LostClaim):
        say(store, run_id, epoch(1))
    assert store.events_after(run_id) == []
    assert store.checkpoint_epochs(run_id) == []


@pytest.mark.parametrize("event", [STARTED, Paused()])
def test_the_run_of_a_dead_process_is_interrupted_at_once(store: Store, event: Event, dead_worker: str) -> None:
    run_id = running(store, event, worker=dead_worker)
    run = store.run(run_id)
    assert (run.status, run.worker) == ("interrupted", None)
    assert run.ended is not None


def test_looking_at_the_list_marks_it_too_and_frees_the_device(store: Store, dead_worker: str) -> None:
    store.claim(store.submit(tiny_run()), dead_worker, "cpu")
    second = store.submit(tiny_run())
    assert [run.status for run in Store(store.url).runs()] == ["queued", "interrupted"]
    assert store.claim(second, ME, "cpu")


def test_a_claim_frees_the_device_of_a_dead_worker_by_itself(store: Store, dead_worker: str) -> None:
    store.claim(store.submit(tiny_run()), dead_worker, "cpu")
    assert store.claim(store.submit(tiny_run()), ME, "cpu")


@pytest.mark.parametrize(("silent", "status"), [(-1, "running"), (+1, "interrupted")])
def test_a_heartbeat_older_than_its_timeout_is_death(
    store: Store, monkeypatch: pytest.MonkeyPatch, silent: float, status: str
) -> None:
    run_id = running(store, STARTED)
    at(monkeypatch, claims.HEARTBEAT_TIMEOUT + silent)
    assert store.run(run_id).status == status


def test_a_worker_of_another_host_lives_as_long_as_it_beats(
    store: Store, monkeypatch: pytest.MonkeyPatch, dead_worker: str
) -> None:
    """Its process number means nothing here."""
    run_id, number = store.submit(tiny_run()), dead_worker.split(":")[1]
    worker = f"another-host:{number}:w"
    with monkeypatch.context() as patch:
        patch.setattr(socket, "gethostname", lambda: "another-host")
        assert store.claim(run_id, worker, "cpu")
    assert store.run(run_id).status == "running"
    at(monkeypatch, claims.HEARTBEAT_TIMEOUT + 1)
    assert store.run(run_id).status == "interrupted"


def test_a_beat_keeps_a_run_alive(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = running(store, STARTED)
    at(monkeypatch, 10)
    beat(store, run_id)
    at(monkeypatch, 10)  # 20 seconds after the claim, 10 after the beat
    assert store.run(run_id).status == "running"


def test_a_run_that_ends_while_it_is_looked_at_is_not_called_interrupted(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker says its last word and leaves between the look and the mark."""
    run_id = running(store, STARTED, epoch(1))

    def ends_just_now(*_: object) -> bool:
        say(store, run_id, Finished())
        return True

    with monkeypatch.context() as patch:
        patch.setattr(claims, "_is_dead", ends_just_now)
        store.runs()
    assert store.run(run_id).status == "finished"


def test_an_interrupted_run_keeps_its_epochs_and_can_be_queued_again(store: Store, dead_worker: str) -> None:
    run_id = running(store, STARTED, epoch(1), epoch(2), WINDOW, worker=dead_worker)
    assert store.run(run_id).status == "interrupted"
    assert store.checkpoint(run_id).optimizer_state == b"state 2"
    store.requeue(run_id)
    assert store.claim(run_id, ME, "cpu")
    assert store.checkpoint_epochs(run_id) == [1, 2]


def test_a_workers_name_is_its_host_and_its_process() -> None:
    assert worker_name() == f"{socket.gethostname()}:{os.getpid()}"
