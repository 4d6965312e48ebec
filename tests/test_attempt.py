"""An attempt keeps every event in order, waits for a store that does not answer, and says why it ended."""

import threading
from collections.abc import Callable, Iterator

import pytest
from examples import tiny_run, wait_until
from stories import ME, STARTED, WINDOW, epoch

from lab import attempt
from lab.attempt import Attempt
from lab.config import ConfigError
from lab.events import Event, Finished, Paused, Resumed
from lab.mnist import DataError
from lab.store import Claim, Run, Store, StoreError, StoreUnavailable

FULL = StoreUnavailable("The database did not answer: database or disk is full.")
Begin = Callable[..., Attempt]


@pytest.fixture
def end() -> threading.Event:
    """Set, it tells the worker to end."""
    return threading.Event()


@pytest.fixture
def begin(store: Store, end: threading.Event, monkeypatch: pytest.MonkeyPatch) -> Iterator[Begin]:
    """Begins an attempt of a new run that says what it is given."""
    monkeypatch.setattr(attempt, "RETRY_SECONDS", (0.001,))
    monkeypatch.setattr(attempt, "COMMAND_POLL_SECONDS", 0.0)
    begun: list[Attempt] = []

    def begin(*said: Event | Exception) -> Attempt:
        def events(me: Attempt) -> Iterator[Event]:
            for event in said:
                me.control()
                if isinstance(event, Exception):
                    raise event
                yield event

        claim = store.claim(store.submit(tiny_run()), ME, "cpu")
        assert claim is not None
        begun.append(Attempt(claim, events, end))
        return begun[-1]

    yield begin
    for started in begun:
        started.close("the test is over")
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("lab-heartbeat")]


def the_run(store: Store, attempted: Attempt) -> Run:
    return store.run(attempted.claim.run_id)


def kinds(store: Store, attempted: Attempt) -> list[str]:
    return [kept.event.kind for kept in store.events_after(attempted.claim.run_id)]


def refusing(monkeypatch: pytest.MonkeyPatch, method: str, times: int, error: StoreError = FULL) -> list[int]:
    """Have the store refuse a claim's `method` so many times; what is left of them."""
    left, really = [times], getattr(Claim, method)

    def refuse(claim: Claim, *arguments: object) -> object:
        if left[0]:
            left[0] -= 1
            raise error
        return really(claim, *arguments)

    monkeypatch.setattr(Claim, method, refuse)
    return left


def test_a_store_that_is_full_for_a_while_costs_no_event(
    store: Store, begin: Begin, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    left = refusing(monkeypatch, "append", times=50)
    attempted = begin(STARTED, WINDOW, epoch(1), Finished())
    attempted.train()
    assert left == [0]
    assert kinds(store, attempted) == ["started", "window", "epoch", "finished"]
    assert store.checkpoint_epochs(attempted.claim.run_id) == [1]
    assert the_run(store, attempted).status == "finished"
    said = [record.message for record in caplog.records if record.name == "lab.attempt"]
    assert said == [f"Run {attempted.claim.run_id} waits: {FULL}"]  # once
    assert attempted.problem == ""


def test_while_training_waits_for_the_store_it_says_so_and_can_be_ended(
    store: Store, begin: Begin, end: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempted = begin(STARTED, WINDOW)
    refusing(monkeypatch, "append", times=10**9)
    thread = threading.Thread(target=attempted.train)
    thread.start()
    wait_until(lambda: attempted.problem == str(FULL))
    end.set()
    thread.join(60)
    run = the_run(store, attempted)
    assert (run.status, run.reason) == (
        "interrupted",
        f"The lab was closed while this run waited for the database. {FULL}",
    )


def test_a_run_deleted_while_training_waits_for_the_store_is_given_up(
    store: Store, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempted = begin(STARTED, WINDOW)
    refusing(monkeypatch, "append", times=10**9)
    thread = threading.Thread(target=attempted.train)
    thread.start()
    wait_until(lambda: attempted.problem != "")
    store.delete(attempted.claim.run_id)
    thread.join(60)
    assert attempted.over


def test_a_command_that_cannot_be_read_changes_nothing(
    store: Store, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing(monkeypatch, "command", times=3)
    attempted = begin(STARTED, WINDOW, epoch(1), Finished())
    attempted.train()
    assert the_run(store, attempted).status == "finished"


def test_a_heart_survives_a_store_that_does_not_answer(
    store: Store, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempt, "HEARTBEAT_SECONDS", 0.01)
    left = refusing(monkeypatch, "beat", times=3)
    begin(STARTED)
    before = store.active()[0].heartbeat
    wait_until(lambda: left == [0] and store.active()[0].heartbeat != before)


def test_a_heart_says_once_what_keeps_it_from_beating_and_again_only_what_is_new(
    store: Store, begin: Begin, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(attempt, "HEARTBEAT_SECONDS", 0.01)
    locked = StoreUnavailable("The database did not answer: database is locked.")
    answers = iter([FULL, FULL, FULL, locked, locked, None, locked])
    really, beaten = Claim.beat, threading.Event()

    def beat(claim: Claim) -> None:
        error = next(answers, "no more")
        if isinstance(error, StoreUnavailable):
            raise error
        if error == "no more":
            beaten.set()
        really(claim)

    monkeypatch.setattr(Claim, "beat", beat)
    begin(STARTED)
    assert beaten.wait(60)
    said = [record.message for record in caplog.records if record.name == "lab.attempt"]
    assert said == [str(FULL), str(locked), str(locked)]


def test_a_heart_does_not_repeat_what_training_waits_for(
    store: Store, begin: Begin, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(attempt, "HEARTBEAT_SECONDS", 0.01)
    attempted = begin(STARTED)
    attempted.problem = str(FULL)
    left = refusing(monkeypatch, "beat", times=5)
    wait_until(lambda: left == [0])
    assert [record.message for record in caplog.records if record.name == "lab.attempt"] == []


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (DataError("The data file is missing."), "The data file is missing."),
        (StoreError("Run 1 cannot be read."), "Run 1 cannot be read."),
        (MemoryError(), attempt.NO_MEMORY),
        (
            ConfigError("config has no field 'colour'."),
            "An unexpected error ended the run: config has no field 'colour'.",
        ),
        (RecursionError("too\ndeep"), "An unexpected error ended the run: too deep"),
        (KeyError(), "An unexpected error ended the run: KeyError"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_whatever_goes_wrong_is_the_runs_reason(store: Store, begin: Begin, error: Exception, reason: str) -> None:
    attempted = begin(STARTED, error)
    attempted.train()
    assert (the_run(store, attempted).status, the_run(store, attempted).reason) == ("failed", reason)
    assert kinds(store, attempted) == ["started", "failed"]


def test_an_attempt_whose_run_was_taken_keeps_nothing_more_and_says_so(
    store: Store, begin: Begin, caplog: pytest.LogCaptureFixture
) -> None:
    attempted = begin(STARTED, WINDOW, Finished())
    attempted.claim.interrupt("It was taken for dead.")
    store.requeue(attempted.claim.run_id)
    again = store.claim(attempted.claim.run_id, f"{ME}2", "cpu")
    assert again is not None
    attempted.train()
    assert kinds(store, attempted) == []
    assert the_run(store, attempted).status == "running"
    assert f"Run {attempted.claim.run_id} is no longer held by this worker." in caplog.text
    again.append(Finished())


def test_a_paused_attempt_returns_goes_on_when_it_may_and_keeps_its_place(store: Store, begin: Begin) -> None:
    attempted = begin(STARTED, Paused(), Resumed(), Finished())
    attempted.train()
    assert not attempted.over
    assert kinds(store, attempted) == ["started", "paused"]
    other = store.claim(store.submit(tiny_run()), f"{ME}2", "cpu")
    assert other is not None
    assert not attempted.may_go_on()
    other.append(Finished())
    assert attempted.may_go_on()
    attempted.train()
    assert attempted.over
    assert kinds(store, attempted) == ["started", "paused", "resumed", "finished"]


def test_a_parked_attempt_that_is_stopped_or_deleted_gives_back_what_it_holds(store: Store, begin: Begin) -> None:
    stopped, deleted = begin(STARTED, Paused(), Resumed()), None
    stopped.train()
    deleted = begin(STARTED, Paused(), Resumed())
    deleted.train()
    store.send(stopped.claim.run_id, "stop")
    store.delete(deleted.claim.run_id)
    for attempted in (stopped, deleted):
        attempted.look_after()
        assert attempted.over
    assert kinds(store, stopped) == ["started", "paused", "stopped"]
