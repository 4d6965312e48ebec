"""When something is wrong: `check` finds it and changes nothing, `backup` copies a store in use."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from examples import tiny_run
from stories import STARTED, epoch, finished, running, whole

from lab.events import Stopped
from lab.store import Store, StoreError, backup, check, file_url


def path_of(store: Store) -> Path:
    return Path(store.url.removeprefix("sqlite:///"))


def change(store: Store, statement: str) -> None:
    with store._database.writing() as connection:
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        connection.execute(sa.text(statement))


def test_a_sound_store_has_no_problem_also_while_it_is_used(store: Store) -> None:
    finished(store)
    running(store, STARTED, whole(1), Stopped())
    store.submit(tiny_run())
    running(store, STARTED, whole(1))
    assert check(store.url) == []


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE runs SET config = '{'", "Run 1 cannot be read: the config is not JSON"),
        ("UPDATE events SET payload = '{' WHERE id = 4", "its event 4 is damaged"),
        ("DELETE FROM events WHERE id = 4", "its epochs are 1, 3; they must be 1, 2, 3 and so on"),
        (
            "UPDATE checkpoints SET weights = substr(weights, 1, 400) WHERE epoch = 2",
            "its checkpoint of epoch 2 is damaged",
        ),
        ("UPDATE runs SET status = 'running', worker = NULL", "is called running, and no worker has claimed it"),
        ("DROP TABLE events", "lacks the table events"),
        ("DROP INDEX ix_events_run_id", "lacks the index ix_events_run_id"),
        ("ALTER TABLE checkpoints DROP COLUMN state_digest", "lacks the column state_digest"),
    ],
)
def test_what_is_wrong_is_said_and_left_as_it_is(store: Store, statement: str, problem: str) -> None:
    finished(store)
    change(store, statement)
    store.close()
    before = path_of(store).read_bytes()
    problems = check(store.url)
    assert any(problem in sentence for sentence in problems), problems
    assert path_of(store).read_bytes() == before
    assert [path.name for path in path_of(store).parent.iterdir()] == ["lab.sqlite3"]


def test_an_event_of_no_run_is_found(store: Store) -> None:
    finished(store)
    with closing(sqlite3.connect(path_of(store))) as connection, connection:
        connection.execute("UPDATE events SET run_id = 77 WHERE id = 2")
    [problem] = check(store.url)
    assert "a row of events belongs to no run" in problem


def test_a_damaged_page_is_found(store: Store) -> None:
    finished(store)
    store.close()
    content = bytearray(path_of(store).read_bytes())
    content[4096 * 3 : 4096 * 6] = b"\x55" * 4096 * 3
    path_of(store).write_bytes(content)
    problems = check(store.url)
    assert problems
    assert all(sentence.startswith(f"The database {path_of(store)} is damaged: ") for sentence in problems)


@pytest.mark.parametrize("url", ["sqlite:////nowhere/at/all.sqlite3", "runs/lab.sqlite3"])
def test_where_there_is_no_database_check_and_backup_say_so_and_make_none(url: str, tmp_path: Path) -> None:
    for use in (lambda: check(url), lambda: backup(url, tmp_path / "copy.sqlite3")):
        with pytest.raises(StoreError, match=r"cannot be|nowhere"):
            use()
    assert list(tmp_path.iterdir()) == []


def test_a_backup_of_a_store_in_use_holds_all_that_was_kept(store: Store, tmp_path: Path) -> None:
    run_id = finished(store)
    copy = tmp_path / "copies of 50% #1.sqlite3"
    backup(store.url, copy)
    running(store, STARTED)
    kept = Store(file_url(copy))
    assert [run.id for run in kept.runs()] == [run_id]
    assert kept.events_after(run_id) == store.events_after(run_id)
    assert kept.checkpoint(run_id) == store.checkpoint(run_id)
    kept.close()
    assert check(file_url(copy)) == []


def test_a_backup_overwrites_nothing(store: Store, tmp_path: Path) -> None:
    there = tmp_path / "thesis.odt"
    there.write_bytes(b"chapter one")
    with pytest.raises(StoreError, match=f"{there} exists already and is left as it is"):
        backup(store.url, there)
    assert there.read_bytes() == b"chapter one"


@pytest.mark.parametrize("name", ["no/such/folder.sqlite3", "a file/copy", "x" * 250, "x" * 300])
def test_a_backup_that_cannot_be_written_leaves_nothing(store: Store, tmp_path: Path, name: str) -> None:
    (tmp_path / "a file").write_bytes(b"no folder")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(StoreError, match="cannot be copied to"):
        backup(store.url, tmp_path / name)
    assert sorted(tmp_path.iterdir()) == before


def test_what_a_server_keeps_is_copied_with_the_servers_own_tool() -> None:
    with pytest.raises(StoreError, match=r"postgresql://class:\*\*\*@host/lab is kept by a server.*pg_dump") as error:
        backup("postgresql://class:secret@host/lab", Path("copy"))
    assert "secret" not in str(error.value)


def test_an_older_checkpoint_still_serves_where_the_last_is_damaged(store: Store) -> None:
    run_id = running(store, STARTED, epoch(1), epoch(2))
    change(store, "UPDATE checkpoints SET predictions = x'00' WHERE epoch = 2")
    with pytest.raises(StoreError, match=f"Run {run_id}'s checkpoint of epoch 2 is damaged"):
        store.checkpoint(run_id)
    assert store.checkpoint(run_id, 1).weights == b"weights 1"
