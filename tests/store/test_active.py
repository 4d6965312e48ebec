"""Whose worker is dead, and what becomes of its run."""

import time
from dataclasses import dataclass

import pytest
from claiming import beat, claimed, say
from examples import tiny_run
from stories import ELSEWHERE, ME, STARTED, WINDOW, epoch, running

from lab.events import Event, Finished, Paused
from lab.store import Store, active, worker_name
from lab.store.active import ONE_LOOK, SILENCE, Watch


@dataclass
class Clock:
    """The observer's own clock, moved by hand."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(store: Store) -> Clock:
    clock = Clock()
    store._watch = Watch(clock)
    return clock


def look(store: Store, clock: Clock, seconds: float, every: float = 1.0) -> None:
    """Look at the runs for so long."""
    for _ in range(round(seconds / every)):
        clock.now += every
        store.active()


@pytest.mark.parametrize("event", [STARTED, Paused()])
def test_the_run_of_a_dead_process_is_interrupted_at_once(store: Store, event: Event, dead_worker: str) -> None:
    run_id = running(store, event, worker=dead_worker)
    run = store.run(run_id)
    assert (run.status, run.worker, run.reason) == ("interrupted", dead_worker, active.KILLED)
    assert run.ended is not None


def test_a_process_that_got_the_id_of_a_dead_one_is_not_taken_for_it(store: Store) -> None:
    host, process, _ = worker_name().split(":")
    run_id = running(store, STARTED, worker=f"{host}:{process}:of-old:worker")
    assert store.run(run_id).status == "interrupted"


def test_a_process_that_is_there_is_not_dead_however_long_it_says_nothing(store: Store, clock: Clock) -> None:
    """Stopped, asleep with its machine, or waiting for a store that somebody else has locked."""
    run_id = running(store, STARTED)
    look(store, clock, seconds=3600, every=5)
    assert store.run(run_id).status == "running"


def test_a_worker_elsewhere_is_dead_after_a_minute_and_a_half_of_silence(store: Store, clock: Clock) -> None:
    run_id = running(store, STARTED, worker=ELSEWHERE)
    store.active()
    look(store, clock, SILENCE)
    assert store.run(run_id).status == "running"
    look(store, clock, 2)
    assert (store.run(run_id).status, store.run(run_id).reason) == ("interrupted", active.SILENT)


def test_a_worker_elsewhere_lives_as_long_as_it_beats(store: Store, clock: Clock) -> None:
    run_id = running(store, STARTED, worker=ELSEWHERE)
    for _ in range(10):
        look(store, clock, SILENCE - 5, every=5)
        beat(store, run_id)
    assert store.run(run_id).status == "running"


@pytest.mark.parametrize("hours", [-5, 5])
def test_a_clock_that_is_set_anew_kills_no_run(
    store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch, hours: float
) -> None:
    here, elsewhere = running(store, STARTED), store.submit(tiny_run())
    claimed(store, elsewhere, ELSEWHERE, device="cuda").append(STARTED)
    now = time.time() + hours * 3600
    monkeypatch.setattr(time, "time", lambda: now)
    look(store, clock, SILENCE / 2)
    assert [store.run(run_id).status for run_id in (here, elsewhere)] == ["running", "running"]


def test_an_observer_that_slept_does_not_judge_when_it_wakes(store: Store, clock: Clock) -> None:
    run_id = running(store, STARTED, worker=ELSEWHERE)
    store.active()
    clock.now += 8 * 3600
    assert store.run(run_id).status == "running"
    look(store, clock, SILENCE - 2 * ONE_LOOK)
    assert store.run(run_id).status == "running"


def test_one_look_is_no_proof(store: Store) -> None:
    """As by a command that lists the runs and ends."""
    run_id = running(store, STARTED, worker=ELSEWHERE)
    assert Store(store.url).run(run_id).status == "running"


def test_looking_at_the_list_marks_it_too_and_frees_the_device(store: Store, dead_worker: str) -> None:
    store.claim(store.submit(tiny_run()), dead_worker, "cpu")
    second = store.submit(tiny_run())
    assert [run.status for run in Store(store.url).runs()] == ["queued", "interrupted"]
    assert store.claim(second, ME, "cpu")


def test_a_claim_frees_the_device_of_a_dead_worker_by_itself(store: Store, dead_worker: str) -> None:
    store.claim(store.submit(tiny_run()), dead_worker, "cpu")
    assert store.claim(store.submit(tiny_run()), ME, "cpu")


def test_a_run_that_ends_while_it_is_looked_at_is_not_called_interrupted(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker says its last word and leaves between the look and the mark."""
    run_id = running(store, STARTED, epoch(1))

    def ends_just_now(*_: object) -> str:
        say(store, run_id, Finished())
        return "dead"

    with monkeypatch.context() as patch:
        patch.setattr(active, "_why_dead", ends_just_now)
        store.active()
    assert (store.run(run_id).status, store.run(run_id).reason) == ("finished", "")


def test_a_run_that_beats_while_it_is_looked_at_goes_on(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = running(store, STARTED)

    def beats_just_now(*_: object) -> str:
        beat(store, run_id)
        return "dead"

    with monkeypatch.context() as patch:
        patch.setattr(active, "_why_dead", beats_just_now)
        store.active()
    assert store.run(run_id).status == "running"


def test_an_interrupted_run_keeps_its_epochs_and_can_be_queued_again(store: Store, dead_worker: str) -> None:
    run_id = running(store, STARTED, epoch(1), epoch(2), WINDOW, worker=dead_worker)
    assert store.run(run_id).status == "interrupted"
    assert store.checkpoint(run_id).optimizer_state == b"state 2"
    store.requeue(run_id)
    assert store.run(run_id).reason == ""
    assert store.claim(run_id, ME, "cpu")
    assert store.checkpoint_epochs(run_id) == [1, 2]
