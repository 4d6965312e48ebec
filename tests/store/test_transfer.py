"""Runs from one store into another."""

from dataclasses import replace
from pathlib import Path

from examples import tiny_run
from stories import STARTED, WINDOW, epoch, running

from lab.events import Event, Failed, Finished, Stopped
from lab.store import Store


def test_a_copied_run_is_the_same_run_under_another_number(store: Store, tmp_path: Path) -> None:
    other = Store(f"sqlite:///{tmp_path / 'other.sqlite3'}")
    other.submit(tiny_run())
    run_id = running(store, STARTED, WINDOW, epoch(1), epoch(2), Finished(), config=tiny_run(seed=3))
    store.rename(run_id, "the good one")
    [copy] = store.copy_to(other)
    original, copied = store.run(run_id), other.run(copy)
    assert replace(copied, id=run_id) == original

    def told(where: Store, number: int) -> list[tuple[float, Event]]:
        return [(kept.time, kept.event) for kept in where.events_after(number)]

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
