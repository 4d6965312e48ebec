"""Runs from one store into another: what can be vouched for, once, and all of a file's runs or none."""

import json
import math
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from examples import tiny_run
from safetensors.numpy import load, save
from stories import STARTED, WINDOW, epoch, finished, running, whole

import lab
from lab.config import to_json
from lab.events import Event, Failed, Finished, Measured, Stopped
from lab.network_config import linear
from lab.store import Store, StoreError, check, database, file_url, transfer


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where another lab keeps its runs: a folder with an odd name."""
    return tmp_path / "What is a CNN? 100% #1" / "theirs.sqlite3"


@pytest.fixture
def theirs(file: Path) -> Store:
    return Store(file_url(file))


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


# --- what cannot be vouched for ----------------------------------------------------------------------------------


def set_to(table: str, column: str, value: object, where: str = "1") -> Callable[[sqlite3.Connection], object]:
    return lambda connection: connection.execute(f"UPDATE {table} SET {column} = ? WHERE {where}", (value,))


def told_so(event: Event, number: int, **changes: Any) -> Callable[[sqlite3.Connection], object]:
    """The event of this number says something else."""
    return set_to("events", "payload", json.dumps(replace(event, **changes).row()), f"id = {number}")


ONE_EPOCH = json.dumps(epoch(1).row())
TOO_MANY_RIGHT = replace(epoch(1), measured=(Measured(images=10, augmented=False, loss=0.1, correct=11),))
FAULTS: dict[str, tuple[Callable[[sqlite3.Connection], object], str]] = {
    "a config of a later lab": (set_to("runs", "config", '{"colour": 1}'), "no field 'colour'"),
    "a network that cannot be": (
        set_to("runs", "config", to_json(tiny_run()).replace('"kernel": 5', '"kernel": 28')),
        "no weights of its network",
    ),
    "an unknown status": (set_to("runs", "status", "dreaming"), "status is 'dreaming'"),
    "a name that moves the cursor": (set_to("runs", "name", "\x1b[2J"), "control characters"),
    "no uuid": (set_to("runs", "uuid", "mine"), "uuid is 'mine'"),
    "an event of a later lab": (set_to("events", "payload", '{"event": "dream"}', "kind = 'window'"), "unknown kind"),
    "an event under another's kind": (set_to("events", "kind", "window", "kind = 'started'"), "claims another kind"),
    "an epoch twice": (set_to("events", "payload", ONE_EPOCH, "kind = 'epoch'"), "its epochs are 1, 1, 1"),
    "a lost epoch": (lambda c: c.execute("DELETE FROM events WHERE payload LIKE '%\"epoch\": 2%'"), "epochs are 1, 3"),
    "no ending": (lambda c: c.execute("DELETE FROM events WHERE kind = 'finished'"), "marked as finished after 3 of 3"),
    "an accuracy of 400 %": (
        set_to("events", "payload", ONE_EPOCH.replace('"train_accuracy": 90.0', '"train_accuracy": 400'), "id = 3"),
        "an accuracy of its epoch 1",
    ),
    "an accuracy that was not counted": (
        set_to("events", "payload", ONE_EPOCH.replace("9000", "9999"), "id = 3"),
        "9999 correct and 90.0 %",
    ),
    "more right than images": (
        set_to("events", "payload", json.dumps(TOO_MANY_RIGHT.row()), "id = 3"),
        "accuracy of its epoch 1 on training images is impossible",
    ),
    "a negative loss": (
        set_to("events", "payload", ONE_EPOCH.replace('"test_loss": 0.4', '"test_loss": -0.4'), "id = 3"),
        "a loss of its epoch 1 is negative",
    ),
    "an epoch that took less than no time": (
        set_to("events", "payload", ONE_EPOCH.replace('"seconds": 1.5', '"seconds": -1.5'), "id = 3"),
        "the time or the learning rate of its epoch 1",
    ),
    "more epochs than planned": (set_to("runs", "config", to_json(tiny_run(epochs=2))), "it has 3 epochs of 2"),
    "points that go back": (
        lambda c: c.execute(
            "INSERT INTO events (run_id, kind, time, payload) SELECT run_id, kind, time, payload FROM events "
            "WHERE kind = 'window'"
        ),
        "its points go back at iteration 1 of epoch 1",
    ),
    "epochs of no iteration": (told_so(STARTED, 1, iterations_per_epoch=0), "how it says that it began is impossible"),
    "a beginning after the end": (told_so(STARTED, 1, first_epoch=4), "how it says that it began is impossible"),
    **{
        f"a point with {name} {value}": (told_so(WINDOW, 2, **{name: value}), "its point at iteration")
        for name, value in (
            ("epoch", 4),
            ("iteration", 0),
            ("iteration", 10),
            ("loss", -1.0),
            ("accuracy", 101.0),
            ("learning_rate", -0.1),
            ("learning_rate", math.nan),
            ("images_per_second", 0.0),
            ("images_per_second", math.inf),
        )
    },
    "a name without end": (set_to("runs", "name", "x" * 10_001), "its name has 10,001 characters"),
    "a reason without end": (set_to("runs", "reason", "x" * 10_001), "its reason has 10,001 characters"),
    "a device without end": (
        told_so(STARTED, 1, device_name="x" * 10_001),
        "of a 'started' event the device_name has 10,001 characters",
    ),
    "cut weights": (set_to("checkpoints", "weights", b"\x08\0\0\0\0\0\0\0{}", "epoch = 3"), "epoch 3 is damaged"),
    "a changed byte": (
        lambda c: c.execute("UPDATE checkpoints SET predictions = CAST(replace(predictions, x'07', x'08') AS BLOB)"),
        "epoch 1 is damaged",
    ),
    "a text in place of predictions": (set_to("checkpoints", "predictions", "7" * 10_000), "epoch 1 is damaged"),
    "a lost checkpoint": (lambda c: c.execute("DELETE FROM checkpoints WHERE epoch = 3"), "last epoch, 3, is missing"),
    "a checkpoint of no epoch": (set_to("checkpoints", "epoch", 9, "epoch = 1"), "checkpoints of epochs 2, 3, 9"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_run_that_cannot_be_vouched_for_is_refused_by_name_and_the_others_are_taken(
    store: Store, theirs: Store, file: Path, fault: str
) -> None:
    change, problem = FAULTS[fault]
    finished(theirs)
    theirs.close()
    with sqlite3.connect(file) as connection:
        change(connection)
    connection.close()
    sound = finished(theirs, tiny_run(seed=2))
    done = store.import_file(file)
    assert [store.run(run_id).config for run_id in done.copied] == [theirs.run(sound).config]
    [sentence] = done.refused
    assert sentence.startswith(f"{file}: Run 1")
    assert problem in sentence
    assert "/tmp" not in sentence.replace(str(file), "")


@pytest.mark.parametrize(
    ("checkpoint", "problem"),
    [
        (b"", "holds no weights of its network"),
        (b"weights", "holds no weights of its network"),
    ],
)
def test_blobs_of_another_kind_are_refused(
    store: Store, theirs: Store, checkpoint: bytes, problem: str, file: Path
) -> None:
    kept = whole(1).checkpoint
    assert kept is not None
    running(theirs, STARTED, replace(whole(1), checkpoint=replace(kept, weights=checkpoint)), Stopped())
    [sentence] = store.import_file(file).refused
    assert problem in sentence


def test_an_optimisers_state_of_another_kind_is_refused(store: Store, theirs: Store, file: Path) -> None:
    kept = whole(1).checkpoint
    assert kept is not None
    running(theirs, STARTED, replace(whole(1), checkpoint=replace(kept, optimizer_state=b"state")), Stopped())
    [sentence] = store.import_file(file).refused
    assert "epoch 1 holds no optimiser state" in sentence


def test_predictions_of_another_number_of_images_are_refused(store: Store, theirs: Store, file: Path) -> None:
    kept = whole(1).checkpoint
    assert kept is not None
    running(theirs, STARTED, replace(whole(1), checkpoint=replace(kept, predictions=bytes(9_999))), Stopped())
    [sentence] = store.import_file(file).refused
    assert "no predictions of 10,000 images" in sentence


@pytest.mark.parametrize("content", [b"", b"Dear diary\n" * 1000, b"SQLite format 3\0" + b"\1" * 5000])
def test_a_file_that_is_no_labs_is_told_by_its_own_name(store: Store, tmp_path: Path, content: bytes) -> None:
    odd = tmp_path / "diary.sqlite3"
    odd.write_bytes(content)
    for use in (store.import_file, lambda file: check(file_url(file))):
        try:
            told = str(use(odd))
        except StoreError as error:
            told = str(error)
        assert str(odd) in told and "lab-" not in told
        assert content or "holds no tables" in told
    assert odd.read_bytes() == content


def test_another_programs_database_is_told_by_its_own_name(store: Store, tmp_path: Path) -> None:
    odd = tmp_path / "places.sqlite3"
    with sqlite3.connect(odd) as connection:
        connection.execute("CREATE TABLE bookmarks (url)")
    connection.close()
    with pytest.raises(StoreError, match=f"{odd} cannot be used: it belongs to another program"):
        store.import_file(odd)


ENDLESS = """
    ALTER TABLE events RENAME TO told;
    CREATE VIEW events AS WITH RECURSIVE numbers(number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers)
        SELECT number AS id, 1 AS run_id, 'window' AS kind, 1.0 AS time, '{}' AS payload FROM numbers;
"""
"""Rows without end, out of a file of some kilobytes."""


@pytest.mark.parametrize(
    ("change", "odd"),
    [
        (ENDLESS, "its events is a view"),
        ("ALTER TABLE runs RENAME TO told; CREATE VIEW runs AS SELECT * FROM told;", "its runs is a view"),
        (
            "DROP TABLE schema_version; CREATE VIEW schema_version AS SELECT 4 AS version",
            "its schema_version is a view",
        ),
        ("DROP TABLE events; CREATE VIRTUAL TABLE events USING fts5(id, run_id)", "its events is a virtual table"),
        (
            "UPDATE schema_version SET version = 3; "
            "CREATE TRIGGER it AFTER DELETE ON schema_version BEGIN DELETE FROM runs; END",
            "its schema_version has the trigger 'it'",
        ),
        (
            "ALTER TABLE runs DROP COLUMN hardware; "
            "ALTER TABLE runs ADD COLUMN hardware TEXT AS (printf('%.*c', 9, 'x')) VIRTUAL",
            "its runs computes the column 'hardware'",
        ),
    ],
)
def test_a_file_in_which_a_table_is_none_or_acts_by_itself_is_refused(
    store: Store, theirs: Store, file: Path, change: str, odd: str
) -> None:
    finished(theirs)
    theirs.close()
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(change)
    for use in (store.import_file, lambda file: check(file_url(file))):
        with pytest.raises(StoreError) as refused:
            use(file)
        assert str(refused.value) == f"The database {file} cannot be used: {odd}. No lab makes that."
    assert store.runs() == []


def test_a_file_that_names_another_version_than_it_has_is_not_said_to_lack_permissions(
    store: Store, theirs: Store, file: Path
) -> None:
    finished(theirs)
    theirs.close()
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE schema_version SET version = 3")
    with pytest.raises(StoreError, match="its tables are not those of the version that it names"):
        store.import_file(file)


def test_what_else_somebody_keeps_in_a_file_is_not_minded(store: Store, theirs: Store, file: Path) -> None:
    finished(theirs)
    theirs.close()
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript("CREATE VIEW best AS SELECT * FROM runs; CREATE TABLE notes (text)")
    assert len(store.import_file(file).copied) == 1


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
