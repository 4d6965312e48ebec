"""What a run may be told is decided where it is carried out, by what the run is then."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from claiming import beat, claimed, place_in_the_queue, say
from examples import tiny_run
from hypothesis import given
from hypothesis import strategies as st
from stories import ME, STARTED, epoch, running

from lab.events import DIVERGED, Event, Failed, Finished, Paused, Stopped
from lab.store import Store, StoreError, file_url


def test_a_stop_is_not_taken_back_by_what_is_said_after_it(store: Store) -> None:
    run_id = running(store, STARTED)
    assert store.send(run_id, "stop")
    assert not store.send(run_id, "pause")
    assert not store.send(run_id, "run")
    assert beat(store, run_id) == "stop"


@given(commands=st.lists(st.sampled_from(["run", "pause", "stop"]), max_size=6))
def test_the_last_command_holds_but_a_stop_holds_for_good(commands: list[str]) -> None:
    with TemporaryDirectory() as folder:  # one a series of commands
        store = Store(file_url(Path(folder) / "lab.sqlite3"))
        run_id = running(store, STARTED)
        for command in commands:
            store.send(run_id, command)  # type: ignore[arg-type]
        assert beat(store, run_id) == ("stop" if "stop" in commands else [*commands][-1] if commands else "run")
        store.close()


@pytest.mark.parametrize("ending", [Finished(), Stopped(), Failed(reason="no memory")])
def test_an_ended_run_takes_no_command(store: Store, ending: Event) -> None:
    run_id = running(store, STARTED, ending)
    before = store.run(run_id)
    for command in ("run", "pause", "stop"):
        assert not store.send(run_id, command)
    assert store.run(run_id) == before


def test_a_run_that_is_not_there_takes_no_command(store: Store) -> None:
    assert not store.send(99, "stop")


def test_a_stop_of_an_earlier_attempt_does_not_end_a_later_one(store: Store) -> None:
    """Drawn on a page that was left; meanwhile the run was stopped, and goes on."""
    run_id = running(store, STARTED)
    seen = store.run(run_id)
    say(store, run_id, Stopped())
    store.requeue(run_id)
    for attempt in ("queued", "running"):
        assert store.run(run_id).status == attempt
        assert not store.send(run_id, "stop", seen=seen)
        assert not store.send(run_id, "pause", seen=seen)
        assert (store.run(run_id).status, store.run(run_id).command) == (attempt, "run")
        if attempt == "queued":
            claimed(store, run_id, ME).append(STARTED)


def test_a_stop_drawn_while_the_run_waited_ends_the_attempt_that_has_begun_since(store: Store) -> None:
    run_id = store.submit(tiny_run())
    seen = store.run(run_id)
    claimed(store, run_id, ME).append(STARTED)
    assert store.send(run_id, "stop", seen=seen)
    assert beat(store, run_id) == "stop"


def test_no_two_attempts_have_one_number_even_if_one_never_began(store: Store) -> None:
    run_id = store.submit(tiny_run())
    first = store.run(run_id)
    store.send(run_id, "stop", seen=first)
    assert store.run(run_id).attempt == first.attempt
    store.requeue(run_id)
    assert store.run(run_id).attempt == first.attempt + 1
    assert not store.send(run_id, "stop", seen=first)
    assert store.run(run_id).status == "queued"


def test_a_resume_drawn_for_an_earlier_attempt_begins_no_further_one(store: Store) -> None:
    run_id = running(store, STARTED, Stopped())
    seen = store.run(run_id)
    store.requeue(run_id, seen=seen)  # in another tab
    claimed(store, run_id, ME).append(STARTED)
    say(store, run_id, Stopped())
    with pytest.raises(StoreError, match=f"Run {run_id} cannot be resumed"):
        store.requeue(run_id, seen=seen)
    assert store.run(run_id).status == "stopped"
    store.requeue(run_id, seen=store.run(run_id))
    assert store.run(run_id).status == "queued"


def test_a_run_that_has_diverged_is_not_begun_again(store: Store) -> None:
    """From the same weights, with the same seed, it would do the same."""
    run_id = running(store, STARTED, epoch(1), Failed(reason=DIVERGED))
    assert not store.run(run_id).resumable
    with pytest.raises(StoreError, match="One that has diverged would diverge again"):
        store.requeue(run_id)
    assert store.run(running(store, STARTED, epoch(1), Failed(reason="no memory"))).resumable


def test_a_resumed_run_has_its_turn_after_those_that_wait(store: Store) -> None:
    resumed = running(store, STARTED, Stopped())
    waiting = store.submit(tiny_run())
    store.requeue(resumed)
    assert [place_in_the_queue(store, run_id) for run_id in (waiting, resumed)] == [0, 1]


def test_a_paused_run_that_goes_on_has_its_turn_after_those_that_wait_and_keeps_it(store: Store) -> None:
    paused = running(store, STARTED)
    store.send(paused, "pause")
    say(store, paused, Paused())
    assert store.ahead(paused) is None  # it waits for nobody
    first, second = store.submit(tiny_run()), store.submit(tiny_run())
    claimed(store, first, f"{ME}2")
    assert store.send(paused, "run")
    third = store.submit(tiny_run())
    assert store.send(paused, "run")  # once more: no turn is lost by it
    assert [place_in_the_queue(store, run_id) for run_id in (second, paused, third)] == [0, 1, 2]
