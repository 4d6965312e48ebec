"""A file from elsewhere: one that is no lab's, or has other than tables where the lab has them, is refused."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from stories import finished

from lab.store import Store, StoreError, check, file_url


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
