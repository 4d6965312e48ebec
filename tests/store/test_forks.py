"""A fork begins with the story and the weights of the run that it comes from, and names it."""

from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from claiming import claimed, say
from examples import tiny_run
from stories import ME, STARTED, WINDOW, finished, running, whole

from lab.events import Finished, Started, Stopped
from lab.store import Store, StoreError, file_url
from lab.timeline import Timeline, progress
from lab.training_config import Optimizer

LOWER = replace(tiny_run(), optimizer=Optimizer(learning_rate=0.001))


def test_a_fork_has_the_events_and_the_weights_of_its_parent_up_to_the_epoch(store: Store) -> None:
    parent = finished(store)
    fork = store.fork(parent, 2, LOWER)
    found, events = store.run(fork), [kept.event for kept in store.events_after(fork)]
    assert events == [kept.event for kept in store.events_after(parent)][:4]  # started, window, two epochs
    assert store.checkpoint(fork).weights == store.checkpoint(parent, 2).weights
    assert store.checkpoint(fork).optimizer_state is None
    assert store.checkpoint_epochs(fork) == [2]
    assert (found.parent, found.parent_epoch, found.config) == (store.run(parent).uuid, 2, LOWER)
    assert (found.status, found.name.endswith(f", from run {parent}, epoch 2")) == ("queued", True)
    assert store.run(parent).status == "finished"


def test_a_fork_that_waits_is_on_its_way_to_its_own_last_epoch(store: Store) -> None:
    """What it has of its parent says how far that went: to 3 epochs, of which this run begins after the second."""
    fork = store.fork(finished(store), 2, replace(LOWER, epochs=8))
    state = progress(Timeline.of(kept.event for kept in store.events_after(fork)))
    assert state is not None and (state.epochs, state.share) == (8, 2 / 8)


def test_a_fork_names_the_code_that_trained_its_parents_epochs_before_its_own(store: Store) -> None:
    def begins(first_epoch: int, code_commit: str) -> Started:
        return replace(STARTED, first_epoch=first_epoch, code_commit=code_commit)

    assert store.run(store.fork(finished(store), 2, LOWER)).code_commit == ""
    parent = running(store, begins(1, "a"), whole(1), begins(2, "b"), whole(2), begins(3, "c"), whole(3), Finished())
    fork = store.fork(parent, 2, LOWER)
    assert store.run(fork).code_commit == "a, b"
    claimed(store, fork, ME)
    say(store, fork, begins(3, "d"), Stopped())
    assert store.run(fork).code_commit == "a, b, d"
    resumed = running(store, begins(1, "a"), whole(1), begins(2, "a"), whole(2), Stopped())
    assert store.run(store.fork(resumed, 2, LOWER)).code_commit == "a"


def test_a_story_that_cannot_be_read_begins_no_fork(store: Store) -> None:
    parent = finished(store)
    with store._database.writing() as connection:
        connection.execute(sa.text("UPDATE events SET payload = '{' WHERE kind = 'window'"))
    with pytest.raises(StoreError, match=f"Run {parent} cannot be read: its event"):
        store.fork(parent, 2, LOWER)
    assert [run.id for run in store.runs()] == [parent]


def test_a_story_that_has_lost_an_epoch_begins_no_fork(store: Store) -> None:
    parent = finished(store)
    with store._database.writing() as connection:
        connection.execute(sa.text("DELETE FROM events WHERE id = (SELECT min(id) FROM events WHERE kind = 'epoch')"))
    with pytest.raises(StoreError, match=f"Run {parent} has only 2 finished epochs"):
        store.fork(parent, 3, replace(LOWER, epochs=8))
    assert [run.id for run in store.runs()] == [parent]


def test_a_run_of_its_own_has_no_parent(store: Store) -> None:
    run = store.run(finished(store))
    assert (run.parent, run.parent_epoch) == (None, None)


def test_an_epoch_that_was_trained_twice_counts_once(store: Store) -> None:
    parent = running(store, STARTED, WINDOW, whole(1), WINDOW, Stopped())
    store.requeue(parent)
    claimed(store, parent, ME)
    say(store, parent, replace(STARTED, first_epoch=2), whole(2), whole(3), Finished())
    fork = store.fork(parent, 2, LOWER)
    assert [epoch.epoch for epoch in store.epochs([fork])[fork]] == [1, 2]


@pytest.mark.parametrize(
    ("epoch", "config", "sentence"),
    [
        (2, replace(LOWER, batch_size=8), "A fork must have the same batch size"),
        (3, LOWER, "The fork has no epochs left"),
        (0, LOWER, "has no complete checkpoint of epoch 0"),
        (9, replace(LOWER, epochs=20), "has no complete checkpoint of epoch 9"),
    ],
)
def test_what_cannot_go_on_is_refused_and_leaves_nothing(
    epoch: int, config: object, sentence: str, store: Store
) -> None:
    parent = finished(store)
    with pytest.raises(StoreError, match=sentence):
        store.fork(parent, epoch, config)  # type: ignore[arg-type]
    assert [run.id for run in store.runs()] == [parent]


def test_a_damaged_checkpoint_begins_no_fork(store: Store) -> None:
    parent = finished(store)
    with store._database.writing() as connection:
        connection.execute(sa.text("UPDATE checkpoints SET weights = x'00' WHERE epoch = 2"))
    with pytest.raises(StoreError, match="no complete checkpoint of epoch 2"):
        store.fork(parent, 2, LOWER)


def test_a_fork_can_be_resumed_before_it_has_an_epoch_of_its_own_and_a_slim_copy_cannot(store: Store) -> None:
    parent = finished(store)
    fork = store.fork(parent, 2, LOWER)
    store.send(fork, "stop")
    assert store.run(fork).resumable
    with store._database.writing() as connection:
        connection.execute(sa.text(f"UPDATE runs SET parent_epoch = NULL WHERE id = {fork}"))
    assert not store.run(fork).resumable


def test_a_fork_is_copied_with_the_name_of_its_parent(store: Store, tmp_path: Path) -> None:
    parent = finished(store)
    fork = store.fork(parent, 2, LOWER)
    claimed(store, fork, ME)
    say(store, fork, replace(STARTED, first_epoch=3), whole(3), Finished())
    other = Store(file_url(tmp_path / "other.sqlite3"))
    assert other.import_file(Path(store.url.removeprefix("sqlite:///"))).refused == []
    copied = {run.uuid: run for run in other.runs()}
    assert copied[store.run(fork).uuid].parent == store.run(parent).uuid
    assert copied[store.run(fork).uuid].parent_epoch == 2


@pytest.mark.parametrize("change", ["parent = NULL", "parent_epoch = NULL", "parent_epoch = 3", "parent_epoch = 0"])
def test_a_fork_that_contradicts_itself_is_not_taken(change: str, store: Store, tmp_path: Path) -> None:
    fork = store.fork(finished(store), 2, LOWER)
    claimed(store, fork, ME)
    say(store, fork, replace(STARTED, first_epoch=3), whole(3), Finished())
    with store._database.writing() as connection:
        connection.execute(sa.text(f"UPDATE runs SET {change} WHERE id = {fork}"))
    other = Store(file_url(tmp_path / "other.sqlite3"))
    (refused,) = other.import_file(Path(store.url.removeprefix("sqlite:///"))).refused
    assert "it says that it continues another run after epoch" in refused
