"""A database of an older lab is brought up to date, with a copy kept; a newer one is refused."""

import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from examples import tiny_run
from store_version_1 import make_version_1, rows_of
from stories import STARTED, WINDOW, finished, whole

from lab.events import Finished
from lab.store import Store, StoreError, check, file_url, migrations
from lab.store.schema import VERSION

ROOT = Path(__file__).parents[2]


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "old.sqlite3"
    make_version_1(path)
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


def test_a_run_of_a_lab_that_did_not_say_how_it_computed_was_computed_by_pytorch(old: Path) -> None:
    with rows_of(old) as connection:
        connection.execute("UPDATE events SET payload = json_remove(payload, '$.path') WHERE kind = 'started'")
    assert Store(file_url(old)).events_after(1)[0].event == STARTED


def test_runs_of_version_2_have_no_commit_and_were_not_measured_on_training_images(tmp_path: Path) -> None:
    path = tmp_path / "lab.sqlite3"
    store = Store(file_url(path))
    run_id = finished(store)
    store.close()
    with rows_of(path) as connection:
        for column in ("code_commit", "parent", "parent_epoch"):
            connection.execute(f"ALTER TABLE runs DROP COLUMN {column}")
        connection.execute("UPDATE schema_version SET version = 2")
        connection.execute("UPDATE events SET payload = json_remove(payload, '$.code_commit', '$.measured')")
        connection.execute("UPDATE runs SET config = json_remove(config, '$.measure_training')")
    again = Store(file_url(path))
    assert (again.run(run_id).code_commit, again.run(run_id).parent) == ("", None)
    assert again.run(run_id).config == tiny_run(measure_training=False)
    assert [epoch.measured for epoch in again.epochs([run_id])[run_id]] == [(), (), ()]
    assert again.unreadable() == []
    assert check(again.url) == []


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


def test_a_migration_that_fails_again_and_again_leaves_no_copies(old: Path) -> None:
    with rows_of(old) as connection:
        connection.execute("DROP TABLE checkpoints")
    before = contents(old)
    for _ in range(2):
        with pytest.raises(StoreError, match="no such table: checkpoints"):
            Store(file_url(old))
    assert [path.name for path in old.parent.iterdir()] == ["old.sqlite3"]
    assert contents(old) == before


KILLED = """
import os, signal, sys
from lab.store import Store, migrations

def killed(*parts):
    if sys.argv[2] == "copy_database":
        parts[1].write_bytes(b"half of it")
        parts[1].with_name(f"{parts[1].name}-journal").write_bytes(b"and its journal")
    os.kill(os.getpid(), signal.SIGKILL)

setattr(migrations, sys.argv[2], killed)
Store(sys.argv[1])
"""


@pytest.mark.parametrize("where", ["copy_database", "_checkpoints_to_2"])
def test_a_lab_that_is_killed_while_it_migrates_leaves_one_copy_however_often_that_is(old: Path, where: str) -> None:
    before = contents(old)
    for _ in range(2):
        done = subprocess.run([sys.executable, "-c", KILLED, file_url(old), where], cwd=ROOT, check=False)
        assert done.returncode == -signal.SIGKILL
    assert len(Store(file_url(old)).runs()) == 3
    backup = old.with_name("old.sqlite3.version-1.bak")
    assert [path.name for path in old.parent.iterdir() if ".bak" in path.name] == [backup.name]
    assert contents(backup) == before


def test_a_copy_that_a_killed_lab_left_is_kept_when_the_next_migration_fails(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = old.with_name("old.sqlite3.version-1.bak")
    Store(file_url(old)).close()
    old.write_bytes(left.read_bytes())  # as somebody does who goes back to the older lab
    before = contents(left)
    monkeypatch.setitem(migrations.MIGRATIONS, 1, lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        Store(file_url(old))
    assert contents(left) == before


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
        connection.commit()
        connection.execute("PRAGMA journal_mode = DELETE")
    before = path.read_bytes()
    with pytest.raises(StoreError) as error:
        Store(file_url(path))
    assert sentence in str(error.value)
    assert str(path) in str(error.value)
    assert path.read_bytes() == before
    assert [found.name for found in tmp_path.iterdir()] == ["lab.sqlite3"]


def test_an_import_names_no_setting_that_it_does_not_go_by(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "theirs.sqlite3"
    Store(file_url(path)).close()
    with rows_of(path) as connection:
        connection.execute(f"UPDATE schema_version SET version = {VERSION + 1}")
        connection.commit()
    with pytest.raises(StoreError, match=r"update this lab, or name another database\."):
        store.import_file(path)


@pytest.mark.parametrize("table", ["bookmarks (url)", "runs (id, distance)"])
def test_another_programs_database_is_refused_and_not_touched(tmp_path: Path, table: str) -> None:
    path = tmp_path / "places.sqlite3"
    with rows_of(path) as connection:
        connection.execute(f"CREATE TABLE {table}")
    before = path.read_bytes()
    with pytest.raises(StoreError, match="it belongs to another program"):
        Store(file_url(path))
    assert path.read_bytes() == before
    assert [found.name for found in tmp_path.iterdir()] == ["places.sqlite3"]
