"""A claim is held by one worker, and only the newest can write."""

import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from threading import Barrier

import pytest
from claiming import claimed, say
from examples import tiny_run
from stories import ME, STARTED, WINDOW, epoch, running

from lab.events import Event, Failed, Finished, Paused, Stopped
from lab.store import LostClaim, Store


def test_a_run_is_claimed_once(store: Store) -> None:
    run_id = store.submit(tiny_run())
    assert store.claim(run_id, ME, "cpu")
    assert not store.claim(run_id, f"{ME}2", "cpu")
    run = store.run(run_id)
    assert (run.status, run.worker, run.device) == ("running", ME, "cpu")
    assert run.started is not None


def test_a_run_that_is_resumed_began_when_its_first_attempt_did(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = running(store, STARTED, Stopped())
    began = store.run(run_id).started
    assert began is not None
    store.requeue(run_id)
    monkeypatch.setattr("time.time", lambda: began + 60)
    assert store.claim(run_id, ME, "cpu")
    assert store.run(run_id).started == began


def test_a_device_has_one_run_in_training(store: Store) -> None:
    running(store, STARTED)
    second = store.submit(tiny_run())
    assert not Store(store.url).claim(second, f"{ME}2", "cpu")
    assert store.run(second).status == "queued"
    assert store.claim(second, f"{ME}2", "cuda")


def test_a_paused_run_keeps_its_claim_but_not_its_device(store: Store) -> None:
    run_id = store.submit(tiny_run())
    paused = claimed(store, run_id, ME)
    for event in (STARTED, Paused()):
        paused.append(event)
    other = store.claim(store.submit(tiny_run()), f"{ME}2", "cpu")
    assert other is not None
    assert not paused.go_on()
    assert store.run(run_id).status == "paused"
    other.append(Stopped())
    assert paused.go_on()
    assert store.run(run_id).status == "running"
    assert not store.claim(store.submit(tiny_run()), ME, "cpu")


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


def test_an_older_number_can_write_nothing(store: Store) -> None:
    """The name is the same: only the number tells the two attempts apart."""
    run_id = store.submit(tiny_run())
    first = claimed(store, run_id, ME)
    for event in (STARTED, epoch(1)):
        first.append(event)
    first.interrupt("It was taken for dead.")
    assert (store.run(run_id).status, store.run(run_id).reason) == ("interrupted", "It was taken for dead.")
    store.requeue(run_id)
    claimed(store, run_id, ME).append(STARTED)
    for write in (
        first.beat,
        first.command,
        first.go_on,
        partial(first.append, epoch(2)),
        partial(first.append, Finished()),
        partial(first.interrupt, "again"),
    ):
        with pytest.raises(LostClaim, match=f"Run {run_id} is no longer held by this worker."):
            write()
    assert (store.run(run_id).status, store.run(run_id).reason) == ("running", "")
    assert store.checkpoint_epochs(run_id) == [1]
    assert [kept.event.kind for kept in store.events_after(run_id)] == ["started", "epoch", "started"]


def test_what_an_attempt_says_again_is_kept_once(store: Store) -> None:
    """An attempt goes on after the last finished epoch: the windows after that are about to come again."""
    run_id = running(store, STARTED, WINDOW, epoch(1), replace(WINDOW, epoch=2, iteration=4))
    say(store, run_id, Stopped())
    store.requeue(run_id)
    claimed(store, run_id, ME).append(replace(STARTED, first_epoch=2))
    assert [kept.event.kind for kept in store.events_after(run_id)] == [
        "started",
        "window",
        "epoch",
        "stopped",
        "started",
    ]


def test_what_a_first_epoch_says_again_is_kept_once(store: Store) -> None:
    run_id = running(store, STARTED, WINDOW, Stopped())
    store.requeue(run_id)
    claimed(store, run_id, ME).append(STARTED)
    assert [kept.event.kind for kept in store.events_after(run_id)] == ["started", "stopped", "started"]


def test_a_run_names_the_commits_that_trained_it_in_order_and_each_as_often_as_it_took_over(store: Store) -> None:
    run_id = running(store, replace(STARTED, code_commit="a"), epoch(1))
    for commit in "bbab":
        say(store, run_id, Stopped())
        store.requeue(run_id)
        claimed(store, run_id, ME).append(replace(STARTED, first_epoch=2, code_commit=commit))
    assert store.run(run_id).code_commit == "a, b, a, b"


def test_a_run_that_was_resumed_elsewhere_names_what_trained_it_in_order(store: Store) -> None:
    run_id = running(store, replace(STARTED, device_name="a CPU, 2 threads", engine="compiled"), epoch(1))
    for engine in ("compiled", "PyTorch", "PyTorch"):
        say(store, run_id, Stopped())
        store.requeue(run_id)
        claim = claimed(store, run_id, ME)
        claim.append(replace(STARTED, device_name="a CPU, 2 threads", engine=engine, first_epoch=2))
    assert store.run(run_id).hardware == "a CPU, 2 threads, compiled engine; a CPU, 2 threads, PyTorch engine"


def test_a_deleted_run_is_lost_to_its_worker(store: Store) -> None:
    run_id = running(store, STARTED)
    store.delete(run_id)
    with pytest.raises(LostClaim):
        say(store, run_id, epoch(1))
    assert store.events_after(run_id) == []
    assert store.checkpoint_epochs(run_id) == []
