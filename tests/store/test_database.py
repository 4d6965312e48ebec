"""The database: every trouble of it is told in one sentence."""

import errno
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Barrier
from typing import Any, cast

import pytest
import sqlalchemy as sa
from examples import noted, tiny_run
from sqlalchemy.dialects import postgresql

from lab.store import Store, StoreError, StoreUnavailable, backup, check, file_url, migrations, open_store, schema
from lab.store.database import Database
from lab.store.sqlite import SqliteFile


def test_a_file_that_is_no_database_is_told_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "lab.sqlite3"
    path.write_text("Dear diary, today I trained a network.\n" * 100, encoding="utf-8")
    with pytest.raises(StoreError) as error:
        Store(f"sqlite:///{path}")
    assert "file is not a database" in str(error.value)
    assert str(path) in str(error.value)
    assert "LAB_DATABASE_URL" in str(error.value)
    assert path.read_text(encoding="utf-8").startswith("Dear diary")


@pytest.mark.parametrize(
    ("url", "helps"),
    [
        ("sqlite:////dev/null/lab.sqlite3", "check the path and its permissions"),
        ("runs/lab.sqlite3", "that of this file is sqlite:///runs/lab.sqlite3."),
        ("/runs/my lab.sqlite3", "that of this file is sqlite:////runs/my lab.sqlite3."),
        ("lab", "that of this file is sqlite:///lab."),
        ("nosql://somewhere/lab", "name a file, such as sqlite:///runs/lab.sqlite3, or a PostgreSQL database"),
        ("mysql://somewhere/lab", "name a file, such as sqlite:///runs/lab.sqlite3, or a PostgreSQL database"),
        ("postgres://somewhere/lab", "such as postgresql://"),
        ("://", "name a file, such as sqlite:///runs/lab.sqlite3"),
        ("postgresql+nothing://somewhere/lab", "leave out the + and what follows it up to the colon"),
        ("sqlite://runs/lab.sqlite3", "three slashes or, for a path from the root, four: sqlite:///runs/lab.sqlite3."),
    ],
)
def test_a_url_that_names_no_database_is_told_in_a_sentence_with_what_helps(
    url: str, helps: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StoreError, match=r"cannot be (opened|used)") as error:
        Store(url)
    assert url.removeprefix("sqlite:///") in str(error.value)
    assert helps in str(error.value)
    assert "\n" not in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_a_password_is_not_shown() -> None:
    with pytest.raises(StoreError, match=r"nosql://class:\*\*\*@host/lab"):
        Store("nosql://class:secret@host/lab")


def test_a_database_damaged_while_open_is_told_in_a_sentence(store: Store) -> None:
    store.submit(tiny_run())
    store.close()
    path = Path(store.url.removeprefix("sqlite:///"))
    for file in path.parent.iterdir():
        file.write_bytes(b"noise" * 5000)
    with pytest.raises(StoreError, match="did not answer"):
        store.runs()


# --- its path ----------------------------------------------------------------------------------------------------

ODD = ("What is a CNN?", "50% #1", "a@b:c", "100%25", "a b+c", "ünï & 数字", "[0] {1}", 'it\'s "one"')


@pytest.mark.parametrize("name", ODD)
def test_a_file_is_where_its_path_says_whatever_characters_that_has(tmp_path: Path, name: str) -> None:
    path = tmp_path / name / "lab.sqlite3"
    store = Store(file_url(path))
    store.submit(tiny_run())
    store._database.file.checkpoint()  # type: ignore[union-attr]
    assert [found.name for found in tmp_path.iterdir()] == [name]
    assert path.is_file()
    assert len(Store(file_url(path)).runs()) == 1


@pytest.mark.parametrize("name", ODD)
def test_a_project_in_such_a_folder_keeps_its_runs_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    from lab.store import opening

    monkeypatch.delenv("LAB_DATABASE_URL")
    monkeypatch.setattr(opening, "__file__", str(tmp_path / name / "lab" / "store" / "opening.py"))
    open_store().submit(tiny_run())
    assert [found.name for found in tmp_path.iterdir()] == [name]
    assert (tmp_path / name / "runs" / "lab.sqlite3").is_file()


def test_a_question_mark_in_a_url_is_not_lost_silently(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="write %3F for a \\? in a path"):
        Store(f"sqlite:///{tmp_path}/What is a CNN?/lab.sqlite3")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_a_database_that_would_be_gone_with_the_process_is_refused(url: str) -> None:
    with pytest.raises(StoreError, match="it would be lost when the lab ends: name a file"):
        Store(url)


def test_a_relative_path_is_not_moved_by_a_change_of_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    store = Store("sqlite:///lab.sqlite3")
    monkeypatch.chdir(tmp_path / "elsewhere")
    store.close()
    store.submit(tiny_run())
    assert list((tmp_path / "elsewhere").iterdir()) == []


# --- by many at once ---------------------------------------------------------------------------------------------


def test_no_reader_waits_for_a_connection_that_another_has(store: Store) -> None:
    """Thirty sessions at once, each in the middle of its reading."""
    together = Barrier(30)

    def session(_: int) -> int:
        with store._database.reading() as connection:
            together.wait(60)
            return int(connection.execute(sa.text("SELECT count(*) FROM runs")).scalar_one())

    with ThreadPoolExecutor(30) as pool:
        assert list(pool.map(session, range(30))) == [0] * 30


def test_a_row_that_cannot_be_read_keeps_no_statement_open(store: Store) -> None:
    """A page keeps its exception, and with it the frames and what they hold.

    Where that was a statement, its connection went back to the pool in the middle of a reading: every write that got
    it was refused as soon as somebody else had written.
    """
    ids = [store.submit(tiny_run()) for _ in range(5)]
    with store._database.writing() as connection:
        connection.execute(sa.text("UPDATE runs SET config = '{' WHERE id = :id"), {"id": ids[-1]})
    kept: list[StoreError] = []
    for _ in range(3):
        store.runs()
        try:
            store.run(ids[-1])
        except StoreError as error:
            kept.append(error)
    assert len(kept) == 3
    file = store._database.file
    assert file is not None
    with closing(sqlite3.connect(file.path, timeout=0, isolation_level=None)) as other:
        other.execute("UPDATE runs SET name = 'x'")
        for run_id in ids[:-1]:
            store.rename(run_id, "y")
        assert other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0  # 1 where somebody still reads


@pytest.mark.parametrize("number", [99999999999999999999, -99999999999999999999, 2**63, 0, -1])
def test_a_number_that_no_run_has_is_told_in_a_sentence(store: Store, number: int) -> None:
    with pytest.raises(StoreError, match=f"There is no run {number}"):
        store.run(number)


@pytest.mark.parametrize("number", [99999999999999999999, 2**63])
def test_a_number_that_no_column_holds_is_told_in_a_sentence(store: Store, number: int) -> None:
    for use in (store.events_after, store.checkpoint, store.delete):
        with pytest.raises(StoreError, match="holds no number that large"):
            use(number)


# --- another database --------------------------------------------------------------------------------------------


class Postgres:
    """There is none here to ask: what SQLAlchemy would send it is looked at."""

    def __init__(self) -> None:
        dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
        self.sent: list[str] = []
        self.connection: Any = sa.create_mock_engine(
            "postgresql+psycopg://", lambda statement, *_: self.sent.append(str(statement.compile(dialect=dialect)))
        )

    def execution_options(self, **_: object) -> "Postgres":
        return self

    @contextmanager
    def begin(self) -> Iterator[Any]:
        yield self.connection


def test_the_tables_can_be_made_in_postgresql_too() -> None:
    server = Postgres()
    schema.METADATA.create_all(server.connection, checkfirst=False)
    words = " ".join(server.sent)
    assert "status = 'running'" in words
    assert "BYTEA" in words
    assert "PRAGMA" not in words


def test_of_labs_that_open_a_new_database_of_postgresql_at_once_one_looks_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two that both find no tables would both make them, and one of them would fail."""
    server = Postgres()
    monkeypatch.setattr(migrations, "version_of", lambda _: noted(server.sent, "looked") and None)
    migrations.bring_up_to_date(cast(sa.Engine, server))
    locked, looked, made, *_ = server.sent
    assert locked.startswith("SELECT pg_advisory_xact_lock(") and looked == "looked"
    assert made.strip().startswith("CREATE TABLE")


@pytest.mark.parametrize(
    "url", ["postgresql://class:secret@host:port/lab", "postgresql+nothing//class:secret@host/lab"]
)
def test_an_address_that_is_none_is_refused_in_a_sentence_that_tells_no_password(url: str, tmp_path: Path) -> None:
    for use in (Store, check, lambda address: backup(address, tmp_path / "copy")):
        with pytest.raises(StoreError, match="cannot be opened") as error:
            use(url)
        assert "secret" not in str(error.value)
        assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (ModuleNotFoundError("No module named 'psycopg'"), "install that Python package"),
        (sqlite3.OperationalError("database or disk is full"), "make room on its disk"),
        (OSError(errno.ENOSPC, "No space left on device"), "make room on its disk"),
        (
            sqlite3.OperationalError("disk I/O error"),
            "make room on its disk or, if there is room, check the disk itself",
        ),
        (sqlite3.DatabaseError("database disk image is malformed"), "it is damaged, so use a backup copy of it"),
        (sqlite3.OperationalError("attempt to write a readonly database"), "check the permissions of the file and its"),
        (sqlite3.OperationalError("unable to open database file"), "check the path and its permissions"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_database_that_cannot_be_opened_comes_with_advice_that_helps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, advice: str
) -> None:
    def refuse(_file: SqliteFile) -> None:
        raise error

    monkeypatch.setattr(SqliteFile, "use_log", refuse)
    with pytest.raises(StoreError, match=rf"\): {advice}.*, or name another one in LAB_DATABASE_URL"):
        Database(f"sqlite:///{tmp_path / 'lab.sqlite3'}")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("database or disk is full", "database or disk is full; make room on its disk."),
        ("disk I/O error", "disk I/O error; make room on its disk or, if there is room, check the disk itself."),
        (
            "database disk image is malformed",
            "database disk image is malformed; it is damaged, so use a backup copy of it.",
        ),
        (
            "attempt to write a readonly database",
            "attempt to write a readonly database; check the permissions of the file and its folder.",
        ),
        ("database is locked", "database is locked."),
    ],
)
def test_what_a_database_says_in_the_middle_of_the_work_is_told_in_its_own_words_with_what_helps(
    store: Store, said: str, told: str
) -> None:
    error = sqlite3.OperationalError(said)
    with pytest.raises(StoreUnavailable) as unavailable, store._database.reading():
        raise sa.exc.OperationalError("SELECT 1", {}, error)
    assert str(unavailable.value) == f"The database {store._database.name} did not answer: {told}"
