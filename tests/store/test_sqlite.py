"""The SQLite file: who moves its log into it, how large it grows, and what is noticed of its place."""

import logging
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from claiming import say
from examples import tiny_run
from stories import STARTED, WINDOW, finished, running, whole

from lab.events import Finished
from lab.store import Store, StoreError, file_url, sqlite
from lab.store.database import StoreUnavailable


def path_of(store: Store) -> Path:
    file = store._database.file
    assert file is not None
    return file.path


def log_of(store: Store) -> Path:
    return path_of(store).with_name(f"{path_of(store).name}-wal")


def levels_of_commits(store: Store) -> list[int]:
    """`synchronous` at each commit from now on: 1 is NORMAL, 2 is FULL."""
    levels: list[int] = []

    def note(connection: sa.Connection) -> None:
        levels.append(connection.connection.cursor().execute("PRAGMA synchronous").fetchone()[0])

    sa.event.listen(store._database._engine, "commit", note)
    return levels


def pragma(store: Store, name: str) -> object:
    with store._database.reading() as connection:
        return connection.exec_driver_sql(f"PRAGMA {name}").scalar()


def at_once(path: Path) -> sqlite3.Connection:
    """Another process's connection, which waits for no lock."""
    return sqlite3.connect(path, timeout=0, isolation_level=None)


# --- the log -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [("journal_mode", "wal"), ("wal_autocheckpoint", 0), ("mmap_size", 0), ("foreign_keys", 1), ("auto_vacuum", 2)],
)
def test_every_connection_is_set_up(store: Store, name: str, value: object) -> None:
    with store._database.reading():  # a second one of the pool
        assert pragma(store, name) == value


def test_no_one_can_commit_while_the_log_is_moved_into_the_file(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """That is the whole of it: a commit that begins the log anew beside a checkpoint is what SQLite cannot bear."""
    finished(store)
    refused: list[str] = []

    class Watched(sqlite3.Connection):
        def execute(self, statement: str, *rest: object) -> sqlite3.Cursor:
            if "wal_checkpoint" in statement:
                with closing(at_once(path_of(store))) as other, pytest.raises(sqlite3.OperationalError) as error:
                    other.execute("BEGIN IMMEDIATE")
                refused.append(str(error.value))
            return super().execute(statement, *rest)  # type: ignore[arg-type]

    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *where, **how: connect(*where, **({"factory": Watched} | how)))
    assert store._database.file is not None
    store._database.file.checkpoint()
    assert refused == ["database is locked"]


def test_a_checkpoint_is_put_off_while_another_writes(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    finished(store)
    before = path_of(store).stat().st_size
    assert store._database.file is not None
    with closing(at_once(path_of(store))) as other:
        other.execute("BEGIN IMMEDIATE")
        store._database.file.checkpoint()
        assert path_of(store).stat().st_size == before
        other.execute("ROLLBACK")
    store._database.file.checkpoint()
    assert path_of(store).stat().st_size > before


def test_only_the_store_moves_the_log_and_it_does_so_after_a_hundred_writes(store: Store) -> None:
    run_id = running(store, STARTED)
    assert store._database.file is not None
    store._database.file._writes = 0
    before = path_of(store).stat().st_size
    for _ in range(99):
        say(store, run_id, WINDOW)
    assert path_of(store).stat().st_size == before
    say(store, run_id, WINDOW)
    assert path_of(store).stat().st_size > before


def test_the_log_does_not_grow_without_bound_beside_a_reader_that_stays(store: Store) -> None:
    """Some 40 MB are written; another process keeps a connection, so that the log is never removed."""
    with closing(sqlite3.connect(path_of(store))) as other:
        other.execute("SELECT count(*) FROM runs").fetchall()
        run_id = running(store, STARTED)
        largest = 0
        for number in range(1, 601):
            with store._database.writing() as connection:
                row = {"id": run_id, "reason": f"{number}" * 20_000}
                connection.execute(sa.text("UPDATE runs SET reason = :reason WHERE id = :id"), row)
            largest = max(largest, log_of(store).stat().st_size)
        assert largest < 16 * 2**20
        store._database.file.checkpoint()  # type: ignore[union-attr]
        say(store, run_id, WINDOW)
        assert log_of(store).stat().st_size <= sqlite.LOG_BYTES + 2**20


def test_a_long_log_that_others_left_is_moved_at_the_next_opening(store: Store) -> None:
    run_id = running(store, STARTED)
    with store._database.writing() as connection:
        connection.execute(sa.text("UPDATE runs SET reason = :reason"), {"reason": "x" * 6_000_000})
    before = path_of(store).stat().st_size
    Store(store.url).close()
    assert path_of(store).stat().st_size > before + 5_000_000
    assert store.run(run_id).reason.startswith("x")


def test_a_checkpoint_that_fails_is_logged_and_loses_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    run_id = finished(store)

    def no_more_files(*_: object, **__: object) -> sqlite3.Connection:
        raise sqlite3.OperationalError("unable to open database file")

    with monkeypatch.context() as patch, caplog.at_level(logging.WARNING):
        patch.setattr(sqlite3, "connect", no_more_files)
        store._database.file.checkpoint()  # type: ignore[union-attr]
    assert "could not be moved into it: unable to open database file" in caplog.text
    assert len(store.events_after(run_id)) == 6


@pytest.mark.parametrize(("event", "level"), [(WINDOW, 1), (whole(1), 2), (Finished(), 2)])
def test_epochs_and_endings_are_on_the_disk_when_they_are_kept(store: Store, event: object, level: int) -> None:
    run_id = running(store, STARTED)
    levels = levels_of_commits(store)
    say(store, run_id, event)  # type: ignore[arg-type]
    assert levels == [level]


def test_imported_runs_are_on_the_disk_when_they_are_said_to_be_here(store: Store, tmp_path: Path) -> None:
    with closing(Store(file_url(tmp_path / "other.sqlite3"))) as other:
        finished(other)
        levels = levels_of_commits(store)
        assert len(store.import_file(path_of(other)).copied) == 1
    assert levels[-1] == 2


# --- space -------------------------------------------------------------------------------------------------------


def test_deleting_a_run_gives_its_space_back(store: Store) -> None:
    kept = finished(store)
    store._database.file.checkpoint()  # type: ignore[union-attr]
    before, large = path_of(store).stat().st_size, finished(store)
    with store._database.writing() as connection:
        connection.execute(sa.text("UPDATE runs SET reason = :r WHERE id = :id"), {"r": "x" * 5_000_000, "id": large})
    store._database.file.checkpoint()  # type: ignore[union-attr]
    assert path_of(store).stat().st_size > before + 5_000_000
    store.delete(large)
    assert pragma(store, "freelist_count") == 0
    assert path_of(store).stat().st_size <= before + 50_000
    assert len(store.events_after(kept)) == 6


def test_a_run_is_deleted_although_its_space_cannot_be_given_back_now(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    run_id = finished(store)

    class Busy(sqlite3.Connection):
        def executescript(self, _script: str) -> sqlite3.Cursor:
            raise sqlite3.OperationalError("database is locked")

    connect = sqlite3.connect
    with monkeypatch.context() as patch, caplog.at_level(logging.WARNING):
        patch.setattr(sqlite3, "connect", lambda *where, **how: connect(*where, **({"factory": Busy} | how)))
        store.delete(run_id)
    assert store.runs() == []
    assert "keeps the space of deleted runs for now" in caplog.text


def test_what_is_no_database_is_not_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def wait(_seconds: float) -> None:
        raise AssertionError("it waits")

    monkeypatch.setattr("lab.store.sqlite.time.sleep", wait)
    with pytest.raises(sqlite3.OperationalError, match="unable to open"):
        sqlite.SqliteFile(tmp_path).use_log()


# --- its place ---------------------------------------------------------------------------------------------------


def remove(path: Path) -> None:
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()


def replaced(path: Path) -> None:
    remove(path)
    Store(f"sqlite:///{path}").close()


def without_its_log(path: Path) -> None:
    """As who takes what ends in -wal and -shm for rubbish."""
    for file in path.parent.glob(f"{path.name}-*"):
        file.unlink()


def with_another_log(path: Path) -> None:
    without_its_log(path)
    path.with_name(f"{path.name}-wal").touch()


@pytest.mark.parametrize("loss", [remove, replaced, without_its_log, with_another_log])
def test_a_store_that_is_deleted_in_use_is_noticed_by_all_that_follows(store: Store, loss: object) -> None:
    """And is not a passing trouble, for which a training would wait."""
    run_id = running(store, STARTED)
    loss(path_of(store))  # type: ignore[operator]
    for use in (
        lambda: say(store, run_id, Finished()),
        lambda: store.submit(tiny_run()),
        store.runs,
        lambda: store.checkpoint(run_id),
    ):
        with pytest.raises(StoreError, match="was deleted or replaced while the lab used it") as error:
            use()
        assert not isinstance(error.value, StoreUnavailable)
        assert str(path_of(store)) in str(error.value)


def test_what_is_written_while_the_store_is_deleted_is_not_said_to_be_kept(store: Store) -> None:
    with pytest.raises(StoreError, match="nothing more is saved"), store._database.writing() as connection:
        connection.execute(sa.text("DELETE FROM runs"))
        remove(path_of(store))


def test_a_store_that_is_put_back_goes_on(store: Store) -> None:
    run_id = running(store, STARTED)
    moved = path_of(store).parent.with_name("elsewhere")
    os.rename(path_of(store).parent, moved)
    with pytest.raises(StoreError, match="put it back"):
        store.run(run_id)
    os.rename(moved, path_of(store).parent)
    say(store, run_id, whole(1))
    assert store.checkpoint_epochs(run_id) == [1]


def test_a_connection_that_cannot_write_is_replaced(store: Store) -> None:
    """One that was opened while the file could not be written would never write, whatever may be done with it since."""
    with store._database.reading() as connection:
        connection.exec_driver_sql("PRAGMA query_only = ON")
    with pytest.raises(StoreUnavailable, match="readonly database"):
        store.submit(tiny_run())
    assert store.submit(tiny_run()) == 1
