"""A database of an older lab is brought up to date, with a copy kept; a newer one is refused."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from examples import tiny_run
from stories import STARTED, WINDOW, whole

from lab.config import to_json
from lab.events import Finished
from lab.store import Store, StoreError, file_url, migrations
from lab.store.schema import VERSION

TABLES = """
CREATE TABLE runs (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, config TEXT NOT NULL,
    status VARCHAR(16) NOT NULL, command VARCHAR(16) NOT NULL, reason TEXT NOT NULL, hardware TEXT NOT NULL,
    host TEXT, device VARCHAR(16), worker TEXT, heartbeat FLOAT, created FLOAT NOT NULL, started FLOAT, ended FLOAT
);
CREATE TABLE events (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, run_id INTEGER NOT NULL, kind VARCHAR(16) NOT NULL,
    time FLOAT NOT NULL, payload TEXT NOT NULL, FOREIGN KEY(run_id) REFERENCES runs (id) ON DELETE CASCADE
);
CREATE TABLE checkpoints (
    run_id INTEGER NOT NULL, epoch INTEGER NOT NULL, weights BLOB NOT NULL, predictions BLOB NOT NULL,
    optimizer_state BLOB, PRIMARY KEY (run_id, epoch), FOREIGN KEY(run_id) REFERENCES runs (id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX one_live_run_per_device ON runs (host, device) WHERE status IN ('running', 'paused');
CREATE INDEX ix_events_run_id ON events (run_id);
"""
"""Of the lab before databases had versions."""


def in_words_of_version_1(text: str) -> str:
    for new, old in (
        ('"engine": "fastest"', '"path": "fast"'),
        ('"engine": "PyTorch"', '"path": "plain"'),
        ("iterations_per_epoch", "steps_per_epoch"),
        ('"iteration"', '"step"'),
    ):
        text = text.replace(new, old)
    return text


@contextmanager
def rows_of(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path)) as connection, connection:
        yield connection


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A file of version 1 with two finished runs, the second a copy of the first, and one that waits."""
    path = tmp_path / "old.sqlite3"
    story = [STARTED, WINDOW, *(whole(number) for number in (1, 2, 3)), Finished()]
    with rows_of(path) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(TABLES)
        for run_id, status in ((1, "finished"), (2, "finished"), (3, "queued")):
            config = in_words_of_version_1(to_json(tiny_run()))
            row = (run_id, f"run {run_id}", config, status, "run", "", "a CPU, plain path", 1000.5)
            columns = "id, name, config, status, command, reason, hardware, created"
            connection.execute(f"INSERT INTO runs ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        for run_id in (1, 2):
            for event in story:
                kept = (run_id, event.kind, 1001.0, in_words_of_version_1(json.dumps(event.row())))
                connection.execute("INSERT INTO events (run_id, kind, time, payload) VALUES (?, ?, ?, ?)", kept)
            for number in (1, 2, 3):
                blobs = whole(number).checkpoint
                assert blobs is not None
                state = blobs.optimizer_state if number == 3 else None
                kept_blobs = (run_id, number, blobs.weights, blobs.predictions, state)
                connection.execute("INSERT INTO checkpoints VALUES (?, ?, ?, ?, ?)", kept_blobs)
    return path


def contents(path: Path) -> list[str]:
    with rows_of(path) as connection:
        return list(connection.iterdump())


def test_an_older_file_is_brought_up_to_date_with_all_it_held(old: Path) -> None:
    store = Store(file_url(old))
    assert [(run.id, run.name, run.status, run.config) for run in store.runs()] == [
        (3, "run 3", "queued", tiny_run()),
        (2, "run 2", "finished", tiny_run()),
        (1, "run 1", "finished", tiny_run()),
    ]
    assert store.run(1).hardware == "a CPU, PyTorch engine"
    assert store.unreadable() == []
    told = [kept.event for kept in store.events_after(1)]
    assert told[:2] == [STARTED, WINDOW]
    assert told[-1] == Finished()
    assert store.checkpoint(1) == whole(3).checkpoint
    assert [run.wanted for run in store.active()] == ["cpu"]


def test_a_copy_of_the_older_file_is_kept_beside_it(old: Path) -> None:
    before = contents(old)
    Store(file_url(old)).close()
    assert sorted(path.name for path in old.parent.iterdir()) == ["old.sqlite3", "old.sqlite3.version-1.bak"]
    assert contents(old.with_name("old.sqlite3.version-1.bak")) == before
    Store(file_url(old)).close()
    assert len(list(old.parent.iterdir())) == 2


def test_a_copy_that_is_there_is_never_overwritten(old: Path) -> None:
    first = old.with_name("old.sqlite3.version-1.bak")
    first.write_bytes(b"somebody's")
    before = contents(old)
    Store(file_url(old)).close()
    assert first.read_bytes() == b"somebody's"
    assert contents(old.with_name("old.sqlite3.version-1-2.bak")) == before


def test_a_migration_that_is_interrupted_leaves_the_older_file_whole(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(old)

    def full(_: sa.Connection) -> None:
        raise sa.exc.OperationalError("UPDATE", {}, sqlite3.OperationalError("database or disk is full"))

    with monkeypatch.context() as patch:
        patch.setattr(migrations, "_checkpoints_to_2", full)
        with pytest.raises(StoreError, match="disk is full"):
            Store(file_url(old))
    assert contents(old) == before
    assert len(Store(file_url(old)).runs()) == 3


def test_a_run_has_the_same_name_in_every_copy_of_an_older_file(old: Path, store: Store, tmp_path: Path) -> None:
    """Run 2 was a copy of run 1 already, which older labs could not tell: it is a run of its own."""
    second = tmp_path / "second.sqlite3"
    second.write_bytes(old.read_bytes())
    assert (len(store.import_file(old).copied), len(store.import_file(second).copied)) == (2, 0)
    uuids = [run.uuid for run in Store(file_url(old)).runs()]
    assert len(set(uuids)) == 3
    assert uuids == [run.uuid for run in Store(file_url(second)).runs()]


def test_rows_that_cannot_be_read_stay_as_they_are_and_stop_no_migration(old: Path) -> None:
    odd: list[object] = ["[" * 200_000, "{", b"\xff", 5, '["path"]']
    with rows_of(old) as connection:
        for number, value in enumerate(odd, start=10):
            connection.execute(
                "INSERT INTO runs SELECT ?, name, ?, status, command, reason, ?, host, device, worker, heartbeat, ?, "
                "started, ended FROM runs WHERE id = 3",
                (number, value, b"\xff" if number == 12 else "x", value if number == 13 else 5.0),
            )
            connection.execute(
                "INSERT INTO events (run_id, kind, time, payload) VALUES (?, 'started', 1, ?)", (number, value)
            )
        connection.execute("INSERT INTO checkpoints VALUES (10, 1, 'text', 5, NULL)")
    store = Store(file_url(old))
    assert [run.id for run in store.runs()] == [3, 2, 1]
    assert [run.id for run in store.unreadable()] == [14, 13, 12, 11, 10]
    with pytest.raises(StoreError, match="Run 10's checkpoint of epoch 1 is damaged"):
        store.checkpoint(10)


def test_a_migrated_file_gives_the_space_of_deleted_runs_back(old: Path) -> None:
    store = Store(file_url(old))
    with store._database.reading() as connection:
        connection.exec_driver_sql("SELECT count(*) FROM runs").all()
        assert connection.exec_driver_sql("PRAGMA auto_vacuum").scalar() == 2
    for run in store.runs():
        store.delete(run.id)
    with store._database.reading() as connection:
        assert connection.exec_driver_sql("PRAGMA freelist_count").scalar() == 0


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (f"UPDATE schema_version SET version = {VERSION + 1}", f"a newer lab wrote it (version {VERSION + 1}"),
        ("UPDATE schema_version SET version = 'two'", "its version is ['two']"),
        ("DELETE FROM schema_version", "its version is []"),
        ("INSERT INTO schema_version VALUES (1)", "its version is ["),
    ],
)
def test_a_file_of_another_version_is_refused_in_a_sentence_and_not_touched(
    tmp_path: Path, change: str, sentence: str
) -> None:
    path = tmp_path / "lab.sqlite3"
    Store(file_url(path)).close()
    with rows_of(path) as connection:
        connection.execute(change)
    before = contents(path)
    with pytest.raises(StoreError) as error:
        Store(file_url(path))
    assert sentence in str(error.value)
    assert str(path) in str(error.value)
    assert contents(path) == before
    assert [found.name for found in tmp_path.iterdir()] == ["lab.sqlite3"]


def test_another_programs_database_gets_no_tables_of_ours(tmp_path: Path) -> None:
    path = tmp_path / "places.sqlite3"
    with rows_of(path) as connection:
        connection.execute("CREATE TABLE bookmarks (url)")
    before = contents(path)
    with pytest.raises(StoreError, match="it is another program's"):
        Store(file_url(path))
    assert contents(path) == before
