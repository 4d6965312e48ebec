"""Runs from one store into another: what can be vouched for, once, and all of a file's runs or none."""

import shutil
import sqlite3
from contextlib import closing, nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from examples import noted, tiny_run
from safetensors.numpy import load, save
from stories import STARTED, WINDOW, epoch, finished, running, whole

import lab
from lab.events import Event, Failed, Finished, Stopped
from lab.network_config import linear
from lab.store import Run, Store, StoreError, check, database, file_url, transfer


def told(where: Store, number: int) -> list[tuple[float, Event]]:
    return [(kept.time, kept.event) for kept in where.events_after(number)]


def test_a_copied_run_is_the_same_run_under_another_number(store: Store, theirs: Store, file: Path) -> None:
    store.submit(tiny_run())
    run_id = finished(theirs, tiny_run(seed=3))
    theirs.rename(run_id, "the good one")
    [copy] = store.import_file(file).copied
    assert copy != run_id
    assert replace(store.run(copy), id=run_id) == replace(theirs.run(run_id), worker=None, claim=0)
    assert told(store, copy) == told(theirs, run_id)
    for number in (1, 2, 3):
        assert store.checkpoint(copy, number) == theirs.checkpoint(run_id, number)


@pytest.mark.parametrize(("inputs", "sound"), [(10, True), (9, False)])
def test_the_linear_layer_is_among_the_weights_that_are_vouched_for(
    store: Store, theirs: Store, inputs: int, sound: bool, file: Path
) -> None:
    network = tiny_run().network
    config = tiny_run(network=replace(network, layers=(*network.layers, linear())))
    kept = whole(1).checkpoint
    assert kept is not None
    tensors = {**load(kept.weights), "9.weight": np.zeros((10, inputs), np.float32)}
    told = replace(whole(1), checkpoint=replace(kept, weights=save(tensors)))
    running(theirs, STARTED, told, Stopped(), config=config)
    assert len(store.import_file(file).copied) == sound


def test_a_file_in_use_is_imported_with_all_that_its_log_holds_and_is_not_touched(
    store: Store, theirs: Store, file: Path
) -> None:
    finished(theirs)
    assert file.with_name(f"{file.name}-wal").stat().st_size > 0
    before = {path.name: path.read_bytes() for path in file.parent.iterdir() if not path.name.endswith("-shm")}
    assert len(store.import_file(file).copied) == 1
    after = {path.name: path.read_bytes() for path in file.parent.iterdir() if not path.name.endswith("-shm")}
    assert after == before
    finished(theirs)  # the other lab goes on


def test_a_file_that_nobody_uses_gets_no_companions(store: Store, theirs: Store, file: Path) -> None:
    finished(theirs)
    theirs.close()
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    store.import_file(file)
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_a_file_that_was_copied_by_hand_with_its_log_is_imported_whole(
    store: Store, theirs: Store, file: Path, tmp_path: Path
) -> None:
    finished(theirs)
    for name in (file.name, f"{file.name}-wal"):
        shutil.copyfile(file.with_name(name), tmp_path / name)
    assert len(store.import_file(tmp_path / file.name).copied) == 1


def test_a_run_is_imported_once_however_often_its_file_is(store: Store, theirs: Store, file: Path) -> None:
    finished(theirs)
    assert len(store.import_file(file).copied) == 1
    finished(theirs)
    again = store.import_file(file)
    assert (len(again.copied), again.already_here, again.refused) == (1, 1, [])
    assert len(store.runs()) == 2


def test_a_file_that_is_brought_again_is_looked_through_for_its_new_runs_only(
    store: Store, theirs: Store, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who collects a class's files each week waited for all of their checkpoints to be read each time."""
    finished(theirs)
    store.import_file(file)
    new = finished(theirs, tiny_run(seed=2))
    vouched: list[Run] = []
    faults = transfer.run_faults
    monkeypatch.setattr(transfer, "run_faults", lambda source, run: faults(source, noted(vouched, run)))
    again = store.import_file(file)
    assert (len(again.copied), again.already_here, [run.id for run in vouched]) == (1, 1, [new])


def test_runs_that_went_a_round_through_other_stores_are_known(store: Store, theirs: Store, file: Path) -> None:
    finished(store)
    theirs.import_file(Path(store.url.removeprefix("sqlite:///")))
    back = store.import_file(file)
    assert (back.copied, back.already_here) == ([], 1)


def test_of_two_runs_with_one_uuid_the_first_is_taken_and_the_other_named(
    store: Store, theirs: Store, file: Path
) -> None:
    finished(theirs)
    running(theirs, STARTED, whole(1), Stopped())
    theirs.close()
    with closing(sqlite3.connect(file)) as connection, connection:
        (table,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'runs'").fetchone()
        connection.execute("ALTER TABLE runs RENAME TO before")
        connection.execute(table.replace("UNIQUE (uuid)", "CHECK (id)"))
        connection.execute("INSERT INTO runs SELECT * FROM before")
        connection.execute("DROP TABLE before")
        connection.execute("UPDATE runs SET uuid = (SELECT uuid FROM runs WHERE id = 1)")
    for copied, already_here in ((1, 0), (0, 1)):
        done = store.import_file(file)
        assert (len(done.copied), done.already_here) == (copied, already_here)
        [sentence] = done.refused
        assert sentence.startswith(f"{file}: Run 2 (") and sentence.endswith(
            "was not copied: it has the uuid of run 1."
        )
    assert [run.status for run in store.runs()] == ["finished"]


def test_which_device_a_copy_would_wait_for_is_what_its_config_says(store: Store, theirs: Store, file: Path) -> None:
    finished(theirs)
    theirs.close()
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE runs SET wanted = 'nothing that there is' || config")
    [copy] = store.import_file(file).copied
    with store._database.reading() as reading:
        assert reading.execute(sa.text("SELECT wanted FROM runs")).scalars().all() == [store.run(copy).config.device]


def test_a_labs_own_file_is_not_imported(store: Store) -> None:
    own = Path(store.url.removeprefix("sqlite:///"))
    with pytest.raises(StoreError, match="is this lab's own database"):
        store.import_file(own)


def test_only_ended_runs_are_copied(store: Store, theirs: Store, file: Path) -> None:
    for seed, ending in enumerate((Stopped(), Failed(reason="no memory"))):
        running(theirs, STARTED, whole(1), ending, config=tiny_run(seed=seed))
    running(theirs, STARTED, config=tiny_run(seed=8))
    theirs.submit(tiny_run(seed=9))
    assert len(store.import_file(file).copied) == 2
    assert [(run.config.seed, run.status) for run in store.runs()] == [(1, "failed"), (0, "stopped")]


def test_a_slim_copy_has_every_epoch_but_only_the_last_weights_and_no_windows(
    store: Store, theirs: Store, file: Path
) -> None:
    running(theirs, STARTED, WINDOW, whole(1), replace(WINDOW, epoch=2, iteration=4), whole(2), Stopped())
    [copy] = store.import_file(file, slim=True).copied
    assert [kept.event.kind for kept in store.events_after(copy)] == ["started", "epoch", "epoch", "stopped"]
    assert store.checkpoint_epochs(copy) == [2]
    assert store.checkpoint(copy).weights == whole(2).checkpoint.weights  # type: ignore[union-attr]
    assert store.checkpoint(copy).optimizer_state is None


@pytest.mark.parametrize(("slim", "resumable"), [(False, True), (True, False)])
def test_a_stopped_run_that_came_without_its_optimisers_state_cannot_be_resumed(
    store: Store, theirs: Store, slim: bool, resumable: bool, file: Path
) -> None:
    running(theirs, STARTED, whole(1), Stopped())
    [copy] = store.import_file(file, slim=slim).copied
    assert store.run(copy).resumable is resumable
    [listed] = store.runs()
    assert listed.resumable is resumable
    with nullcontext() if resumable else pytest.raises(StoreError, match="only with its optimiser state"):
        store.requeue(copy)


@pytest.mark.parametrize(
    ("events", "resumable"),
    [((STARTED, Stopped()), True), ((STARTED, epoch(1), Stopped()), True), ((STARTED, Finished()), False), ((), False)],
)
def test_a_run_can_be_resumed_when_it_ended_unfinished(
    store: Store, events: tuple[Event, ...], resumable: bool
) -> None:
    assert store.run(running(store, *events)).resumable is resumable


def test_the_shipped_runs_are_sound_and_an_import_leaves_their_file_as_it_is(store: Store) -> None:
    shipped = Path(lab.__file__).parent / "data" / "reference.sqlite3"
    before = shipped.read_bytes()
    beside = sorted(path.name for path in shipped.parent.iterdir())
    assert check(file_url(shipped)) == []
    with closing(sqlite3.connect(shipped)) as connection:
        [runs] = connection.execute("SELECT count(*) FROM runs").fetchone()
    done = store.import_file(shipped)
    assert (len(done.copied), done.refused) == (runs, [])
    assert store.import_file(shipped).already_here == runs
    assert shipped.read_bytes() == before
    assert sorted(path.name for path in shipped.parent.iterdir()) == beside


# --- all or none -------------------------------------------------------------------------------------------------


def test_an_import_that_is_interrupted_leaves_none_of_the_files_runs(
    store: Store, theirs: Store, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in range(3):
        finished(theirs, tiny_run(seed=seed))
    copy_run, left = transfer._copy_run, iter([True, True])

    def until_the_disk_is_full(reading: sa.Connection, writing: sa.Connection, run_id: int, slim: bool) -> int:
        new = copy_run(reading, writing, run_id, slim)
        if next(left, False):
            return new
        raise sa.exc.OperationalError("INSERT", {}, sqlite3.OperationalError("database or disk is full"))

    with monkeypatch.context() as patch:
        patch.setattr(transfer, "_copy_run", until_the_disk_is_full)
        with pytest.raises(database.StoreUnavailable, match="disk is full"):
            store.import_file(file)
    assert store.runs() == []
    assert len(store.import_file(file).copied) == 3
