"""The store: what one writes every other sees, a claim is held by one worker, and a dead one is called interrupted."""

import os
import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier
from types import SimpleNamespace
from typing import get_args

import pytest
from examples import beat, claimed, say, tiny_run

from lab import store as module
from lab.config import RunConfig
from lab.describe import describe_run
from lab.events import Checkpoint, Epoch, Event, Failed, Finished, Paused, Resumed, Started, Stopped, Window
from lab.steps import step
from lab.store import ENDED, LIVE, LostClaim, Status, Store, StoreError, database_url, open_store, worker_name

ME = f"{worker_name()}:test"
STARTED = Started(
    device="cpu",
    device_name="a CPU",
    engine="PyTorch",
    parameters=1,
    first_epoch=1,
    epochs=3,
    iterations_per_epoch=3,
    batch_size=16,
)
WINDOW = Window(epoch=1, iteration=1, loss=2.3, accuracy=10.0, learning_rate=0.01, images_per_second=1000.0)


def epoch(number: int, correct: int = 9000) -> Epoch:
    return Epoch(
        epoch=number,
        train_loss=0.5,
        train_accuracy=90.0,
        test_loss=0.4,
        test_accuracy=correct / 100,
        test_correct=correct,
        learning_rate=0.01,
        seconds=1.5,
        checkpoint=Checkpoint(
            epoch=number,
            weights=f"weights {number}".encode(),
            predictions=bytes([number, 7]),
            optimizer_state=f"state {number}".encode(),
        ),
    )


def running(store: Store, *events: Event, config: RunConfig | None = None) -> int:
    """A run that this process has claimed and that has said `events`."""
    run_id = store.submit(config or tiny_run())
    claimed(store, run_id, ME)
    say(store, run_id, *events)
    return run_id


def at(monkeypatch: pytest.MonkeyPatch, seconds_from_now: float) -> None:
    """Let the store's clock be ahead."""
    now = module.time.time() + seconds_from_now
    monkeypatch.setattr(module, "time", SimpleNamespace(time=lambda: now))


# --- opening -----------------------------------------------------------------------------------------------------


def test_the_database_is_where_the_environment_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'a class' / 'of.sqlite3'}"
    monkeypatch.setenv("LAB_DATABASE_URL", url)
    assert database_url() == url
    assert open_store().url == url
    assert (tmp_path / "a class" / "of.sqlite3").is_file()


def test_without_a_word_the_database_is_the_projects_own_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LAB_DATABASE_URL")
    assert database_url() == f"sqlite:///{Path(module.__file__).parent.parent / 'runs' / 'lab.sqlite3'}"


def test_a_process_has_one_store_for_a_url_and_follows_a_change_of_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first = open_store()
    assert open_store() is first
    monkeypatch.setenv("LAB_DATABASE_URL", f"sqlite:///{tmp_path / 'other.sqlite3'}")
    assert open_store() is not first
    assert open_store(first.url) is first


def test_a_file_that_is_no_database_is_told_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "lab.sqlite3"
    path.write_text("Dear diary, today I trained a network.\n" * 100, encoding="utf-8")
    with pytest.raises(StoreError) as error:
        Store(f"sqlite:///{path}")
    assert "file is not a database" in str(error.value)
    assert str(path) in str(error.value)
    assert "LAB_DATABASE_URL" in str(error.value)
    assert path.read_text(encoding="utf-8").startswith("Dear diary")


@pytest.mark.parametrize("url", ["runs/lab.sqlite3", "sqlite:////dev/null/lab.sqlite3", "nosql://somewhere/lab"])
def test_a_url_that_names_no_database_is_told_in_a_sentence(url: str) -> None:
    with pytest.raises(StoreError, match="cannot be opened") as error:
        Store(url)
    assert url in str(error.value)
    assert "\n" not in str(error.value)


def test_a_password_is_not_shown() -> None:
    with pytest.raises(StoreError, match=r"nosql://class:\*\*\*@host/lab"):
        Store("nosql://class:secret@host/lab")


def test_a_database_damaged_while_open_is_told_in_a_sentence(store: Store) -> None:
    store.submit(tiny_run())
    store._engine.dispose()
    path = Path(store.url.removeprefix("sqlite:///"))
    for file in path.parent.iterdir():
        file.write_bytes(b"noise" * 5000)
    with pytest.raises(StoreError, match="did not answer"):
        store.runs()


# --- runs --------------------------------------------------------------------------------------------------------


def test_a_submitted_run_is_queued_with_its_config(store: Store) -> None:
    config = tiny_run(seed=7)
    run = store.run(store.submit(config))
    assert (run.status, run.command, run.config, run.started, run.ended) == ("queued", "run", config, None, None)
    assert run.name == describe_run(config)
    assert run.step is None


def test_a_run_of_a_preset_is_named_after_it(store: Store) -> None:
    run = store.run(store.submit(replace(step(3).config, seed=2)))
    assert (run.name, run.step) == ("Step 3, batch norm and dropout, seed 2", 3)
    assert store.run(store.submit(step(3).config, name="mine")).name == "mine"


def test_runs_are_listed_newest_first(store: Store) -> None:
    ids = [store.submit(tiny_run(seed=seed)) for seed in range(3)]
    assert [run.id for run in store.runs()] == ids[::-1]


def test_a_run_that_does_not_exist_is_named(store: Store) -> None:
    with pytest.raises(StoreError, match=r"There is no run 5"):
        store.run(5)


def test_two_stores_on_one_file_see_each_others_writes(store: Store) -> None:
    other = Store(store.url)
    run_id = running(store, STARTED)
    assert other.run(run_id).status == "running"
    assert [kept.event.kind for kept in other.events_after(run_id)] == ["started"]
    other.send(run_id, "pause")
    assert beat(store, run_id) == "pause"
    say(store, run_id, epoch(1))
    assert other.checkpoint(run_id).weights == b"weights 1"


def test_a_run_is_renamed(store: Store) -> None:
    run_id = store.submit(tiny_run())
    store.rename(run_id, "  the good one ")
    assert store.run(run_id).name == "the good one"
    store.rename(run_id, "x" * 500)
    assert store.run(run_id).name == "x" * 120
    with pytest.raises(StoreError, match="at least one character"):
        store.rename(run_id, "   ")
    assert store.run(run_id).name == "x" * 120


def test_a_deleted_run_leaves_nothing_behind_and_its_number_is_not_given_again(store: Store) -> None:
    kept, gone = running(store, STARTED, epoch(1), Finished()), store.submit(tiny_run())
    store.delete(gone)
    store.delete(kept)
    assert store.runs() == []
    assert store.events_after(kept) == []
    assert store.checkpoint_epochs(kept) == []
    assert store.submit(tiny_run()) > gone


def test_deleting_one_run_leaves_the_others(store: Store) -> None:
    first = running(store, STARTED, epoch(1), Finished())
    second = running(store, STARTED, epoch(1), Finished())
    store.delete(first)
    assert [run.id for run in store.runs()] == [second]
    assert len(store.events_after(second)) == 3
    assert store.checkpoint_epochs(second) == [1]


# --- events and checkpoints --------------------------------------------------------------------------------------


def test_events_after_a_cursor_are_the_newer_ones_in_order(store: Store) -> None:
    run_id = running(store, STARTED, WINDOW)
    first = store.events_after(run_id)
    assert [kept.event.kind for kept in first] == ["started", "window"]
    assert store.events_after(run_id, first[-1].id) == []
    say(store, run_id, epoch(1))
    [row] = store.events_after(run_id, first[-1].id)
    assert row["event"] == "epoch"
    assert [kept.id for kept in store.events_after(run_id)] == [*(old.id for old in first), row.id]


def test_an_event_comes_back_as_it_was_said_with_its_time(store: Store) -> None:
    run_id = running(store, WINDOW)
    [row] = store.events_after(run_id)
    assert row.event == WINDOW
    assert store.run(run_id).created <= row.time


def test_two_readers_do_not_take_events_from_each_other(store: Store) -> None:
    run_id = running(store, STARTED, WINDOW, Finished())
    assert store.events_after(run_id) == Store(store.url).events_after(run_id) == store.events_after(run_id)


def test_the_events_of_other_runs_are_not_seen(store: Store) -> None:
    first = running(store, STARTED, Finished())
    second = running(store, WINDOW)
    assert [kept.event.kind for kept in store.events_after(first)] == ["started", "finished"]
    assert [kept.event.kind for kept in store.events_after(second)] == ["window"]


def test_epochs_of_several_runs_come_in_one_answer(store: Store) -> None:
    first = running(store, STARTED, WINDOW, epoch(1, 9100), epoch(2, 9200), Finished())
    second = running(store, STARTED, epoch(1, 9300))
    waiting = store.submit(tiny_run())
    found = store.epochs([second, first, waiting])
    assert {run: [one.test_correct for one in rows] for run, rows in found.items()} == {
        first: [9100, 9200],
        second: [9300],
        waiting: [],
    }
    assert store.epochs([]) == {}


def test_every_epoch_is_kept_and_the_optimiser_state_of_the_last(store: Store) -> None:
    run_id = running(store, STARTED, epoch(1), epoch(2), epoch(3))
    assert store.checkpoint_epochs(run_id) == [1, 2, 3]
    last = store.checkpoint(run_id)
    assert (last.epoch, last.weights, last.predictions) == (3, b"weights 3", bytes([3, 7]))
    assert last.optimizer_state == b"state 3"
    assert store.checkpoint(run_id, 2).weights == b"weights 2"
    assert store.checkpoint(run_id, 2).optimizer_state is None


def test_an_epoch_that_was_not_finished_has_no_checkpoint(store: Store) -> None:
    run_id = running(store, STARTED)
    with pytest.raises(StoreError, match=f"Run {run_id} has no finished epoch yet"):
        store.checkpoint(run_id)
    say(store, run_id, epoch(1))
    with pytest.raises(StoreError, match=f"Run {run_id} has no checkpoint of epoch 2"):
        store.checkpoint(run_id, 2)


@pytest.mark.parametrize(
    ("events", "status", "reason"),
    [
        ((STARTED,), "running", ""),
        ((STARTED, Paused()), "paused", ""),
        ((STARTED, Paused(), Resumed()), "running", ""),
        ((STARTED, WINDOW, epoch(1)), "running", ""),
        ((STARTED, Finished()), "finished", ""),
        ((STARTED, Stopped()), "stopped", ""),
        ((Failed(reason="no memory"),), "failed", "no memory"),
    ],
)
def test_the_status_follows_from_the_last_event(
    store: Store, events: tuple[Event, ...], status: str, reason: str
) -> None:
    run = store.run(running(store, *events))
    assert (run.status, run.reason) == (status, reason)
    assert (run.ended is not None) == (status in ENDED)
    assert (run.hardware == "a CPU, PyTorch engine") == (STARTED in events)


def test_follow_tells_what_is_said_from_now_on_and_ends_with_the_run(store: Store) -> None:
    run_id = running(store, STARTED)
    following = store.follow(run_id, poll_seconds=0.0)
    for event in (WINDOW, epoch(1), Finished()):
        say(store, run_id, event)
    assert [kept.event.kind for kept in following] == ["window", "epoch", "finished"]


def test_following_an_ended_run_ends_at_once(store: Store) -> None:
    assert list(store.follow(running(store, STARTED, Finished()))) == []


def test_following_a_deleted_run_says_so(store: Store) -> None:
    run_id = running(store, STARTED)
    following = store.follow(run_id, poll_seconds=0.0)
    store.delete(run_id)
    with pytest.raises(StoreError, match=f"There is no run {run_id}"):
        next(following)


# --- commands and the queue --------------------------------------------------------------------------------------


def test_a_queued_run_that_is_stopped_never_starts(store: Store) -> None:
    run_id = store.submit(tiny_run())
    store.send(run_id, "stop")
    assert store.run(run_id).status == "stopped"
    assert not store.claim(run_id, ME, "cpu")


def test_a_command_reaches_the_worker_at_its_next_beat(store: Store) -> None:
    run_id = running(store, STARTED)
    assert beat(store, run_id) == "run"
    for command in ("pause", "run", "stop"):
        store.send(run_id, command)
        assert beat(store, run_id) == command
    assert store.run(run_id).status == "running"  # until the worker says that it has stopped


def test_the_place_in_the_queue_counts_the_queued_runs_before(store: Store) -> None:
    ids = [store.submit(tiny_run(seed=seed)) for seed in range(4)]
    assert [store.queue_position(run_id) for run_id in ids] == [0, 1, 2, 3]
    store.claim(ids[0], ME, "cpu")
    store.send(ids[1], "stop")
    assert [store.queue_position(run_id) for run_id in ids[2:]] == [0, 1]


@pytest.mark.parametrize("ending", [Stopped(), Failed(reason="no memory")])
def test_an_unfinished_run_can_be_queued_again(store: Store, ending: Event) -> None:
    run_id = running(store, STARTED, epoch(1), ending)
    store.send(run_id, "stop")
    store.requeue(run_id)
    run = store.run(run_id)
    assert (run.status, run.command, run.reason, run.ended, run.worker) == ("queued", "run", "", None, None)
    assert store.checkpoint_epochs(run_id) == [1]
    assert store.claim(run_id, ME, "cpu")


@pytest.mark.parametrize("events", [None, (STARTED,), (STARTED, Paused()), (STARTED, Finished())])
def test_a_queued_live_or_finished_run_cannot_be_queued_again(store: Store, events: tuple[Event, ...] | None) -> None:
    run_id = store.submit(tiny_run()) if events is None else running(store, *events)
    before = store.run(run_id)
    with pytest.raises(StoreError, match=f"Run {run_id} cannot be resumed: only a stopped, failed or interrupted run"):
        store.requeue(run_id)
    assert store.run(run_id) == before


# --- claims ------------------------------------------------------------------------------------------------------


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
    run_id = running(store, STARTED)
    for write in (
        lambda: store.beat(run_id, "somebody:1:else"),
        lambda: store.append(run_id, "somebody:1:else", epoch(1)),
    ):
        with pytest.raises(LostClaim, match=f"Run {run_id} is no longer held"):
            write()
    assert [kept.event.kind for kept in store.events_after(run_id)] == ["started"]
    assert store.checkpoint_epochs(run_id) == []


def test_a_worker_taken_for_dead_cannot_disturb_its_successor(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = running(store, STARTED, epoch(1))
    with monkeypatch.context() as patch:
        at(patch, module.HEARTBEAT_TIMEOUT + 1)
        assert store.run(run_id).status == "interrupted"
    store.requeue(run_id)
    assert store.claim(run_id, f"{ME}2", "cpu")
    store.append(run_id, f"{ME}2", STARTED)
    with pytest.raises(LostClaim):
        store.append(run_id, ME, epoch(2))
    with pytest.raises(LostClaim):
        store.append(run_id, ME, Finished())
    assert store.run(run_id).status == "running"
    assert store.checkpoint_epochs(run_id) == [1]


def test_a_deleted_run_is_lost_to_its_worker(store: Store) -> None:
    run_id = running(store, STARTED)
    store.delete(run_id)
    with pytest.raises(LostClaim):
        say(store, run_id, epoch(1))
    assert store.events_after(run_id) == []
    assert store.checkpoint_epochs(run_id) == []


# --- interrupted -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("event", [STARTED, Paused()])
def test_the_run_of_a_dead_process_is_interrupted_at_once(store: Store, event: Event, dead_worker: str) -> None:
    run_id, worker = store.submit(tiny_run()), dead_worker
    assert store.claim(run_id, worker, "cpu")
    store.append(run_id, worker, event)
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
    at(monkeypatch, module.HEARTBEAT_TIMEOUT + silent)
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
    at(monkeypatch, module.HEARTBEAT_TIMEOUT + 1)
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
        Store(store.url).append(run_id, ME, Finished())
        return True

    monkeypatch.setattr(module, "_is_dead", ends_just_now)
    store.mark_interrupted()
    monkeypatch.undo()
    assert store.run(run_id).status == "finished"


def test_an_interrupted_run_keeps_its_epochs_and_can_be_queued_again(store: Store, dead_worker: str) -> None:
    run_id, worker = store.submit(tiny_run()), dead_worker
    store.claim(run_id, worker, "cpu")
    for event in (STARTED, epoch(1), epoch(2), WINDOW):
        store.append(run_id, worker, event)
    assert store.run(run_id).status == "interrupted"
    assert store.checkpoint(run_id).optimizer_state == b"state 2"
    store.requeue(run_id)
    assert store.claim(run_id, ME, "cpu")
    assert store.checkpoint_epochs(run_id) == [1, 2]


def test_a_workers_name_is_its_host_and_its_process() -> None:
    assert worker_name() == f"{socket.gethostname()}:{os.getpid()}"


def test_every_status_is_queued_live_or_ended() -> None:
    assert {"queued", *LIVE, *ENDED} == set(get_args(Status))


# --- between stores ----------------------------------------------------------------------------------------------


def test_a_copied_run_is_the_same_run_under_another_number(store: Store, tmp_path: Path) -> None:
    other = Store(f"sqlite:///{tmp_path / 'other.sqlite3'}")
    other.submit(tiny_run())
    run_id = running(store, STARTED, WINDOW, epoch(1), epoch(2), Finished(), config=tiny_run(seed=3))
    store.rename(run_id, "the good one")
    [copy] = store.copy_to(other)
    original, copied = store.run(run_id), other.run(copy)
    assert replace(copied, id=run_id) == original

    def told(where: Store, number: int) -> list[dict[str, object]]:
        return [{key: row[key] for key in row if key != "id"} for row in where.events_after(number)]

    assert told(other, copy) == told(store, run_id)
    for number in (1, 2):
        assert other.checkpoint(copy, number) == store.checkpoint(run_id, number)


def test_only_ended_runs_are_copied(store: Store, tmp_path: Path) -> None:
    other = Store(f"sqlite:///{tmp_path / 'other.sqlite3'}")
    for seed, ending in enumerate((Finished(), Stopped(), Failed(reason="no memory"))):
        running(store, STARTED, epoch(1), ending, config=tiny_run(seed=seed))
    running(store, STARTED, config=tiny_run(seed=8))
    store.submit(tiny_run(seed=9))
    assert len(store.copy_to(other)) == 3
    assert [(run.config.seed, run.status) for run in other.runs()] == [(2, "failed"), (1, "stopped"), (0, "finished")]


def test_a_slim_copy_has_every_epoch_but_only_the_last_weights_and_no_windows(store: Store, tmp_path: Path) -> None:
    other = Store(f"sqlite:///{tmp_path / 'other.sqlite3'}")
    running(store, STARTED, WINDOW, epoch(1), WINDOW, epoch(2), WINDOW, Stopped())
    [copy] = store.copy_to(other, slim=True)
    assert [kept.event.kind for kept in other.events_after(copy)] == ["started", "epoch", "epoch", "stopped"]
    assert other.checkpoint_epochs(copy) == [2]
    assert other.checkpoint(copy).weights == b"weights 2"
    assert other.checkpoint(copy).optimizer_state is None
